"""What the commands print."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Literal

import typer

from rpcstats.errors import PaperError, ParameterError

if TYPE_CHECKING:
    from rpcstats.data import Fault
    from rpcstats.paper import Bundle, Reproduction

Mode = Literal["exact", "expectation"]
OnStep = Callable[[str], None]
# What a paper can't be made without; all other tables add to it.
_NEEDED = ("referrals", "episodes", "sessions")
_PRINTED = ("paper.html", "paper.pdf", "paper.docx")


@contextmanager
def progress() -> Iterator[OnStep]:
    """Tell each step on standard error: one moving line on a terminal, else a line each.

    Yields
    ------
    callable
        Takes a step in words.
    """
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        with console.status("starting") as status:
            yield lambda step: status.update(f"{step[:1].upper()}{step[1:]} …")
    else:
        yield _tell_stages()


def _tell_stages() -> OnStep:
    """Cells are many and quick: off a terminal only the stages are worth a line."""

    def tell(step: str) -> None:
        if not step.startswith("cell "):
            sys.stderr.write(f"{step}\n")

    return tell


def show_papers() -> None:
    """List the papers with their parameters."""
    from rpcstats.data.locate import find_notebook, list_notebooks
    from rpcstats.paper import read_parameters

    for name in list_notebooks():
        declared = read_parameters(find_notebook(name))
        typer.echo(f"{name}: {declared.title}")
        if declared.question:
            typer.echo(f"  {declared.question}")
        width = max((len(parameter) for parameter in declared.names), default=0)
        for parameter in declared.names:
            default = declared.defaults[parameter]
            shown = '""' if default == "" else default
            typer.echo(
                f"  --set {parameter:<{width}}  {declared.types[parameter]:<5} "
                f"= {shown}  {declared.help[parameter]}"
            )
        typer.echo("")


def show_bundle(bundle: "Bundle") -> None:
    """Say where the paper is.

    Parameters
    ----------
    bundle : Bundle
        The finished paper.
    """
    folder = _relative(bundle.folder)
    typer.echo(f"{len(bundle.items)} outputs in {folder}")
    for name in _PRINTED:
        if bundle.path(name).exists():
            typer.echo(f"  {folder / name}")
    if bundle.warning:
        typer.echo(f"Mind: {bundle.warning}.", err=True)


def show_check(council: str) -> bool:
    """List the faults of an extract.

    Parameters
    ----------
    council : str
        Slug or folder of the council.

    Returns
    -------
    bool
        Whether the extract may be used.
    """
    from rpcstats.data import check_extract
    from rpcstats.data.faults import errors_of
    from rpcstats.data.locate import find_council

    folder = find_council(council)
    faults = check_extract(folder, expected=_NEEDED)
    errors = errors_of(faults)
    _list("error", errors)
    _list("warning", [fault for fault in faults if fault.severity == "warning"])
    name = folder.name
    if errors:
        typer.echo(f"{name}: mend the {_counted(len(errors), 'error')} above, then check again.")
    else:
        typer.echo(f"{name}: no error. Next: rpcstats paper retention --council {quote(council)}")
    return not errors


def _list(kind: str, faults: "Sequence[Fault]") -> None:
    if faults:
        typer.echo(f"{_counted(len(faults), kind)}:")
    for fault in faults:
        typer.echo(f"  - {str(fault).removeprefix('warning: ')}")


def show_simulation(
    preset: str, *, to: Path, seed: int | None, mode: Mode, overwrite: bool
) -> None:
    """Write a synthetic extract and say what is in it.

    Parameters
    ----------
    preset : str
        Name of the preset.
    to : Path
        The council folder.
    seed : int or None
        Seed; the preset's own if None.
    mode : {"exact", "expectation"}
        How margins are met.
    overwrite : bool
        Whether a folder that is there is replaced.

    Raises
    ------
    ParameterError
        If the folder is there and may not be replaced.
    PaperError
        If the folder can't be written.
    """
    from rpcstats.simulate import simulate_extract, write_simulation

    if to.exists() and not (to.is_dir() and (overwrite or not any(to.iterdir()))):
        raise ParameterError(f"{to} is there already", ["add --overwrite, or name another folder"])
    simulation = simulate_extract(preset, seed=seed, mode=mode)
    try:
        write_simulation(simulation, to)
    except OSError:
        raise PaperError(f"{to} can't be written to; name another folder with --to") from None
    rows = ", ".join(f"{name} {len(frame)}" for name, frame in simulation.tables.items())
    typer.echo(f"Synthetic extract of {preset} (seed {simulation.seed}, {mode}) in {to}: {rows}.")
    typer.echo("No row is a real person. The truth behind it is in truth.yml.")


def show_reproduction(outcome: "Reproduction") -> bool:
    """Say what reproduced and what did not.

    Parameters
    ----------
    outcome : Reproduction
        What came of running the paper again.

    Returns
    -------
    bool
        Whether everything reproduced.
    """
    typer.echo(outcome.summary())
    verdict = "Everything reproduced." if outcome.ok else "Not everything reproduced: see above."
    typer.echo(verdict)
    return outcome.ok


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
