"""Run a notebook in a kernel of its own, and keep of it only what may be published."""

import copy
import logging
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import rpcstats.errors as errors
from rpcstats.errors import PaperError, RpcstatsError
from rpcstats.paper.items import MIME_PREFIX

if TYPE_CHECKING:
    from nbformat import NotebookNode

OnCell = Callable[[int, int, str], None]
START_TIMEOUT: Final = 60
_PICTURES: Final = ("image/png", "image/svg+xml")
_WORDS: Final = ("text/plain", "text/markdown")
_LOGGERS: Final = ("papermill", "traitlets")
_HEADING: Final = re.compile(r"#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_FAMILY: Final = frozenset(
    name
    for name, member in vars(errors).items()
    if isinstance(member, type) and issubclass(member, RpcstatsError)
)


def execute(
    notebook: Path,
    parameters: Mapping[str, object],
    *,
    cwd: Path,
    on_cell: OnCell | None = None,
    timeout: float | None = None,
) -> "NotebookNode":
    """Run a notebook with papermill.

    Parameters
    ----------
    notebook : Path
        The source; it is not written to.
    parameters : mapping of str to object
        Checked values, JSON types.
    cwd : Path
        Working folder of the kernel. That of this process does not change.
    on_cell : callable, optional
        Called with the number of a cell, the number of cells and the heading
        above it, before the cell runs.
    timeout : float, optional
        Seconds one cell may take; no limit by default.

    Returns
    -------
    NotebookNode
        The executed notebook, scrubbed.

    Raises
    ------
    PaperError
        With the message of an error of this package; for any other exception
        with its type and the cell only, because its text may hold data.
    """
    try:
        source = _nbformat().read(notebook, as_version=4)
    except Exception as exc:
        raise PaperError(f"{notebook.name} can't be read as a notebook") from exc
    cells = _Cells(source, injected=bool(parameters))
    with _quiet():
        executed = _run(source, parameters, cwd, cells.announce(on_cell), timeout, cells)
    stopped = [
        number
        for number, cell in enumerate(executed.cells)
        if any(output.output_type == "error" for output in cell.get("outputs", ()))
    ]
    if stopped:
        raise PaperError(f"{cells.name(stopped[0])} left the notebook before its end; drop exit()")
    return scrub(executed)


def _run(
    source: "NotebookNode",
    parameters: Mapping[str, object],
    cwd: Path,
    on_cell_start: Callable[..., None],
    timeout: float | None,
    cells: "_Cells",
) -> "NotebookNode":
    import papermill

    from rpcstats.paper.kernel import KERNEL_NAME, LocalKernel

    try:
        executed: NotebookNode = papermill.execute_notebook(
            copy.deepcopy(source),
            None,
            parameters=dict(parameters),
            kernel_name=KERNEL_NAME,
            language="python",
            progress_bar=False,
            kernel_manager_class=LocalKernel,
            # papermill's own `cwd` would move this whole process, and its threads.
            resources={"metadata": {"path": str(cwd)}},
            on_cell_start=on_cell_start,
            start_timeout=START_TIMEOUT,
            execution_timeout=None if timeout is None else max(1, math.ceil(timeout)),
        )
    except papermill.PapermillExecutionError as exc:
        raise PaperError(_reason(exc, cells)) from None
    except RpcstatsError:
        raise
    except Exception as exc:
        raise PaperError(_stop(exc, cells, timeout)) from exc
    return executed


def _stop(error: Exception, cells: "_Cells", timeout: float | None) -> str:
    """Say why a run ended between a kernel and this process."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    where = cells.name(cells.current)
    if isinstance(error, CellTimeoutError):
        return (
            f"{where} took longer than {timeout:g} seconds; allow more time, "
            "or look for what is slow"
        )
    if isinstance(error, DeadKernelError):
        return (
            f"the kernel stopped in {where} (out of memory or killed); "
            "close other programs and run the paper again"
        )
    return (
        f"the notebook could not be run: {type(error).__name__}; "
        "check that ipykernel and papermill are installed beside rpcstats"
    )


def _reason(error: Any, cells: "_Cells") -> str:
    """Say why a cell failed without saying what it held.

    An error of this package shows itself by its one-line traceback; another
    package's exception of the same name has frames.
    """
    if error.ename in _FAMILY and list(error.traceback) == [f"{error.ename}: {error.evalue}"]:
        return str(error.evalue)
    return f"{cells.name(error.cell_index)} failed: {error.ename}"


def scrub(nb: "NotebookNode") -> "NotebookNode":
    """Drop from an executed notebook whatever differs between runs or was not emitted.

    Parameters
    ----------
    nb : NotebookNode
        An executed notebook.

    Returns
    -------
    NotebookNode
        A copy without clocks, paths, counts, streams, reprs and frames, with
        cells numbered ``cell-01``, ``cell-02``. Only outputs that carry a
        media type of this package are kept, and of those only our own types,
        pictures and words; no attachments.
    """
    v4 = _nbformat().v4
    makers = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}
    cells = []
    for number, cell in enumerate(nb.cells, start=1):
        tags = list(cell.metadata.get("tags", ()))
        kept = makers[cell.cell_type](
            source=cell.source, id=f"cell-{number:02d}", metadata={"tags": tags} if tags else {}
        )
        if cell.cell_type == "code":
            kept["outputs"] = [_emitted(output) for output in cell.outputs if _is_ours(output)]
        cells.append(kept)
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    scrubbed: NotebookNode = v4.new_notebook(cells=cells, metadata=metadata)
    return scrubbed


def _is_ours(output: Mapping[str, Any]) -> bool:
    return any(name.startswith(MIME_PREFIX) for name in output.get("data", {}))


def _may_stay(media_type: str) -> bool:
    return media_type.startswith(MIME_PREFIX) or media_type in (*_PICTURES, *_WORDS)


def _emitted(output: Mapping[str, Any]) -> "NotebookNode":
    kept: NotebookNode = _nbformat().v4.new_output(
        "display_data",
        data={k: copy.deepcopy(v) for k, v in output["data"].items() if _may_stay(k)},
        metadata={k: v for k, v in output.get("metadata", {}).items() if k in _PICTURES},
    )
    return kept


def _nbformat() -> Any:
    """Import nbformat late (it takes a second), and without its missing types."""
    import nbformat

    return nbformat


class _Cells:
    """Names the cells of the source while papermill counts those of its own copy."""

    def __init__(self, source: "NotebookNode", *, injected: bool) -> None:
        self.current = 0
        self.total = len(source.cells)
        self._headings = [""] * self.total
        heading = ""
        self._inserted_at = self.total + 1
        for number, cell in enumerate(source.cells):
            if cell.cell_type == "markdown":
                found = _HEADING.findall(cell.source)
                heading = found[-1] if found else heading
            self._headings[number] = heading
            if injected and "parameters" in cell.metadata.get("tags", ()):
                self._inserted_at = min(self._inserted_at, number + 1)

    def place(self, index: int) -> int:
        """Give the position in the source, from 0, of a cell of the copy."""
        return index - 1 if index >= self._inserted_at else index

    def name(self, index: int) -> str:
        """Name a cell of the copy as a reader of the source counts."""
        place = self.place(index)
        heading = self._headings[place]
        return f"cell {place + 1}" + (f" (under '{heading}')" if heading else "")

    def announce(self, on_cell: OnCell | None) -> Callable[..., None]:
        """Make the hook that remembers, and tells, which cell runs."""

        def hook(*, cell_index: int, **_: object) -> None:
            self.current = cell_index
            if on_cell is not None and cell_index != self._inserted_at:
                place = self.place(cell_index)
                on_cell(place + 1, self.total, self._headings[place])

        return hook


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep papermill and Jupyter from logging, since a log line may hold an output."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
