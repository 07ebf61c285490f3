"""Write an executed notebook as web page, Word file and PDF."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from rpcstats.errors import PaperError
from rpcstats.paper.assemble import Assembled, assemble

if TYPE_CHECKING:
    from nbformat import NotebookNode

Format = Literal["html", "pdf", "docx"]
FORMATS: Final[tuple[Format, ...]] = ("html", "pdf", "docx")


def render(
    notebook: "NotebookNode | str | Path",
    folder: str | Path,
    formats: Sequence[Format] = FORMATS,
    on_step: Callable[[str], None] | None = None,
) -> dict[str, Path]:
    """Render a paper from its executed notebook alone.

    Parameters
    ----------
    notebook : NotebookNode, str or Path
        The executed notebook, or the file it is in.
    folder : str or Path
        Where ``paper.html``, ``paper.pdf`` and ``paper.docx`` go; made if it is not there.
    formats : sequence of {"html", "pdf", "docx"}, optional
        Which formats; all by default.
    on_step : callable, optional
        Told the name of each format before it is written.

    Returns
    -------
    dict of str to Path
        Format to file.

    Raises
    ------
    PaperError
        If the notebook is not a finished paper, or a format can't be written.

    Notes
    -----
    The bytes depend on the notebook and on the installed versions only: not on the clock,
    the folder or the hash seed.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise PaperError(f"no format '{unknown[0]}'; choose from {', '.join(FORMATS)}")
    paper = assemble(_load(notebook))
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written: dict[str, Path] = {}
    for name in formats:
        if on_step is not None:
            on_step(name)
        with tempfile.TemporaryDirectory(prefix="rpcstats-") as work:
            made = _writer(name)(paper, Path(work))
        written[name] = target / f"paper.{name}"
        written[name].write_bytes(made)
    return written


def _writer(name: Format) -> Callable[[Assembled, Path], bytes]:
    if name == "html":
        from rpcstats.paper.render_html import write_html

        return write_html
    if name == "pdf":
        from rpcstats.paper.render_pdf import write_pdf

        return write_pdf
    from rpcstats.paper.render_word import write_word

    return write_word


def _load(notebook: "NotebookNode | str | Path") -> "NotebookNode":
    if not isinstance(notebook, str | Path):
        return notebook
    import nbformat

    read: Callable[..., NotebookNode] = nbformat.read
    return read(notebook, as_version=4)
