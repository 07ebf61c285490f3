"""Make a paper: check everything, run the notebook, render it, and put the bundle in place."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from rpcstats.errors import PaperError, ParameterError, RpcstatsError
from rpcstats.paper import bundle as folders
from rpcstats.paper import manifest as manifests
from rpcstats.paper.bundle import Bundle
from rpcstats.paper.earlier import warn_of_earlier
from rpcstats.paper.execute import execute
from rpcstats.paper.items import Item, collect
from rpcstats.paper.parameters import PaperParameters, read_parameters, resolve

Format = Literal["html", "pdf", "docx"]
OnStep = Callable[[str], None]
FORMATS: Final[tuple[Format, ...]] = ("html", "pdf", "docx")
# Folder name of a paper about no single council.
NO_COUNCIL: Final = "all"
_COUNCIL: Final = "council"


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """What is to be made, from what, and where to."""

    notebook: Path
    declared: PaperParameters
    council: Path | None
    given: Mapping[str, object]
    target: Path
    formats: tuple[Format, ...]
    timeout: float | None


@dataclass(slots=True, eq=False)
class _Log:
    """Tells the steps, and how long each took."""

    on_step: OnStep | None
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    seconds: dict[str, float] = field(default_factory=dict)

    def tell(self, step: str) -> None:
        if self.on_step is not None:
            self.on_step(step)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; an unforeseen failure shows its type only."""
        begin = time.perf_counter()
        try:
            yield
        except RpcstatsError:
            raise
        except Exception as exc:
            raise PaperError(
                f"{name} failed: {type(exc).__name__}; this is a fault of the package, report it"
            ) from exc
        self.seconds[name] = round(time.perf_counter() - begin, 3)


def build_paper(
    paper: str | Path,
    *,
    council: str | Path | None = None,
    given: Mapping[str, object] | None = None,
    out: str | Path = "build",
    formats: Sequence[Format] = FORMATS,
    on_step: OnStep | None = None,
    timeout: float | None = None,
) -> Bundle:
    """Make a paper and put it into its folder.

    Parameters
    ----------
    paper : str or Path
        Name of a paper, or a notebook.
    council : str or Path, optional
        Slug of a council, or the folder of its extract. By default the
        notebook's own `council` parameter, if it has one.
    given : mapping of str to object, optional
        Parameters; they win over those of ``council.yml`` and the notebook.
    out : str or Path, default "build"
        The paper is written to ``<out>/<paper>/<council>``, or to
        ``<out>/<paper>/all`` if it is about no single council.
    formats : sequence of {"html", "pdf", "docx"}
        What to render.
    on_step : callable, optional
        Called with each step in words.
    timeout : float, optional
        Seconds one cell may take; no limit by default.

    Returns
    -------
    Bundle
        The finished paper.

    Raises
    ------
    ParameterError
        If the paper, the council or a parameter is unknown or does not fit.
    SchemaError
        If the extract does not fit the schema.
    PaperError
        If the folder can't be written to, or the paper can't be run or rendered.

    Notes
    -----
    Parameters and extract are checked before a kernel starts. A failed run
    leaves the previous paper as it was, with the reason in ``error.txt``.
    """
    job = _plan(paper, council, given or {}, Path(out), formats, timeout)
    log = _Log(on_step)
    with folders.workspace(job.target) as work:
        try:
            made = _make(job, work, log)
            folders.swap(work, job.target)
        except RpcstatsError as exc:
            folders.write_error(job.target, str(exc))
            raise
        except Exception as exc:
            folders.write_error(job.target, f"the paper failed: {type(exc).__name__}")
            raise
    return made


def _plan(
    paper: str | Path,
    council: str | Path | None,
    given: Mapping[str, object],
    out: Path,
    formats: Sequence[Format],
    timeout: float | None,
) -> _Job:
    from rpcstats.data.locate import find_council, find_notebook

    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise ParameterError(
            f"unknown format '{unknown[0]}'", [f"write one of {', '.join(FORMATS)}"]
        )
    notebook = Path(find_notebook(paper)).resolve()
    declared = read_parameters(notebook)
    named = council or given.get(_COUNCIL) or declared.defaults.get(_COUNCIL)
    if named is not None and not isinstance(named, (str, Path)):
        raise ParameterError("the council can't be found", declared.faults({_COUNCIL: named}))
    if named is not None and _COUNCIL not in declared.names:
        hint = "leave the council out, or declare 'council: str = ...' in its parameters cell"
        raise ParameterError(f"'{declared.paper}' is not about one council", [hint])
    folder = None if named is None else Path(find_council(named)).resolve()
    # The kernel runs beside the council's folder, so that its bare name finds it
    # and no path of this machine gets into the notebook.
    values = dict(given) if folder is None else {**given, _COUNCIL: folder.name}
    target = out.resolve() / declared.paper / (NO_COUNCIL if folder is None else folder.name)
    if notebook.is_relative_to(target):
        raise PaperError(f"the output folder holds the notebook {notebook.name}; choose another")
    ordered = tuple(name for name in FORMATS if name in formats)
    return _Job(notebook, declared, folder, values, target, ordered, timeout)


def _make(job: _Job, work: Path, log: _Log) -> Bundle:
    paper = job.declared.paper
    with log.stage("check"):
        log.tell("checking the parameters and the data")
        council, data, overrides = _read_data(job)
        values = resolve(job.declared, overrides, job.given)
        notebook_sha = manifests.hash_file(job.notebook)
    with log.stage("run"):
        log.tell("starting the kernel")
        nb = execute(
            job.notebook,
            values,
            cwd=Path.cwd() if job.council is None else job.council.parent,
            on_cell=lambda cell, total, name: log.tell(f"cell {cell} of {total} {name}".strip()),
            timeout=job.timeout,
        )
        items = collect(nb)
        _check_complete(items)
    with log.stage("render"):
        _render(nb, work, job.formats, log.tell)
    with log.stage("write"):
        log.tell("writing the data and the manifest")
        folders.write_items(work, nb, items)
        facts = {
            "paper": paper,
            "council": council,
            "parameters": values,
            "formats": list(job.formats),
            "data": data,
            "notebook": {"name": job.notebook.name, "sha256": notebook_sha},
        }
        folders.write_json(work / folders.MANIFEST, manifests.describe(facts, items, work))
    folders.write_json(work / folders.CLOCKS, {"started": log.started, "seconds": log.seconds})
    warning = warn_of_earlier(job.target, data, values, items)
    return Bundle(job.target, paper, council, values, tuple(items), warning)


def _read_data(job: _Job) -> tuple[str | None, dict[str, object], Mapping[str, object]]:
    """Read the extract; give the council's slug, the data's entry and the council's values."""
    from rpcstats.data.extract import read_extract
    from rpcstats.data.locate import find_published

    if job.council is not None:
        extract = read_extract(job.council)
        council = extract.council
        entry = manifests.data_entry(
            extract.files, extract.n_rows, is_public=council.synthetic is not None
        )
        return council.slug, entry, council.papers.get(job.declared.paper, {})
    folder = Path(find_published())
    files = {path.name: path for path in sorted(folder.iterdir()) if path.is_file()}
    hashes = {name: manifests.hash_file(path) for name, path in files.items() if name[0] != "."}
    return None, manifests.data_entry(hashes, {}, is_public=True), {}


def _check_complete(items: Mapping[str, Item]) -> None:
    if "paper" not in items:
        raise PaperError("the notebook shows no paper; begin it with rpcstats.paper.open(...)")
    if "ledger" not in items:
        raise PaperError("the notebook has no disclosure ledger; end it with out.close()")


def _render(nb: Any, folder: Path, formats: tuple[Format, ...], on_step: OnStep) -> None:
    from rpcstats.paper.render import render

    render(nb, folder, formats=formats, on_step=lambda name: on_step(f"writing paper.{name}"))
