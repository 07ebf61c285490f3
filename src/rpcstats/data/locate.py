"""Finding of councils, notebooks and published figures, wherever the package is installed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from rpcstats.data.council_file import COUNCIL_FILE
from rpcstats.data.records import did_you_mean
from rpcstats.errors import ParameterError

_PACKAGE: Final = Path(__file__).resolve().parents[1]
_COUNCILS: Final = Path("data") / "councils"
_PUBLISHED: Final = Path("data") / "published"
_NOTEBOOKS: Final = Path("notebooks")
_SUFFIX: Final = ".ipynb"


def find_council(slug_or_path: str | Path) -> Path:
    """Find the folder of a council.

    Parameters
    ----------
    slug_or_path : str or Path
        A folder, or the name of one under `data/councils`.

    Returns
    -------
    Path
        The folder, absolute.

    Raises
    ------
    ParameterError
        If there is none; it lists the councils there are.
    """
    given = Path(slug_or_path)
    written_as_path = isinstance(slug_or_path, Path) or len(given.parts) > 1
    if given.is_dir() and (written_as_path or (given / COUNCIL_FILE).is_file()):
        return given.resolve()
    found = _first(_COUNCILS / given, lambda path: (path / COUNCIL_FILE).is_file())
    if found is None and given.is_dir():
        return given.resolve()  # reading it tells that council.yml is missing
    if found is None:
        raise _unknown("council", str(slug_or_path), list_councils())
    return found


def find_notebook(name_or_path: str | Path) -> Path:
    """Find the notebook of a paper.

    Parameters
    ----------
    name_or_path : str or Path
        A file, or the name of a paper under `notebooks`.

    Returns
    -------
    Path
        The file, absolute.

    Raises
    ------
    ParameterError
        If there is none; it lists the papers there are.
    """
    given = Path(name_or_path)
    if given.is_file():
        return given.resolve()
    name = given if given.suffix == _SUFFIX else given.with_name(given.name + _SUFFIX)
    found = _first(_NOTEBOOKS / name, Path.is_file)
    if found is None:
        raise _unknown("paper", str(name_or_path), list_notebooks())
    return found


def find_published() -> Path:
    """Find the folder of published figures.

    Returns
    -------
    Path
        The folder, absolute.

    Raises
    ------
    ParameterError
        If there is none.
    """
    found = _first(_PUBLISHED, Path.is_dir)
    if found is None:
        raise ParameterError(
            "no published figures", ["run from a folder that holds data/published"]
        )
    return found


def list_councils() -> list[str]:
    """List the councils that have a folder.

    Returns
    -------
    list of str
        Names of the folders under `data/councils`, sorted.
    """
    return _names(_COUNCILS, f"*/{COUNCIL_FILE}", lambda path: path.parent.name)


def list_notebooks() -> list[str]:
    """List the papers that have a notebook.

    Returns
    -------
    list of str
        Names of the files under `notebooks`, without their ending, sorted.
    """
    return _names(_NOTEBOOKS, f"*{_SUFFIX}", lambda path: path.stem)


def _roots() -> Iterator[Path]:
    """Give the working folder and those above it, the source tree, the installed share."""
    here = Path.cwd()
    yield from (here, *here.parents)
    if _PACKAGE.parent.name == "src":
        yield _PACKAGE.parent.parent
    yield _PACKAGE / "_share"


def _first(place: Path, fits: Callable[[Path], bool]) -> Path | None:
    candidates = (root / place for root in _roots())
    return next((path.resolve() for path in candidates if fits(path)), None)


def _names(place: Path, pattern: str, name_of: Callable[[Path], str]) -> list[str]:
    return sorted({name_of(path) for root in _roots() for path in (root / place).glob(pattern)})


def _unknown(noun: str, given: str, known: list[str]) -> ParameterError:
    faults = [f"`{given}`{did_you_mean(given, known)}"]
    if known and "use one of" not in faults[0]:
        faults.append("there are: " + ", ".join(known))
    if not known:
        faults.append(f"no {noun} was found: run from the folder that holds data/ and notebooks/")
    return ParameterError(f"unknown {noun}", faults)
