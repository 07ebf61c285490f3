"""A council's folder, read and checked: typed tables, or every fault at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from rpcstats.data.check import check_tables
from rpcstats.data.council_file import (
    COUNCIL_FILE,
    CouncilFile,
    programmes_of,
    read_council_file,
)
from rpcstats.data.faults import Fault, errors_of, file_fault
from rpcstats.data.load import load_table
from rpcstats.data.locate import find_council
from rpcstats.data.parsing import Reader, make_codebook
from rpcstats.data.reading import UnreadableFileError, read_file
from rpcstats.data.records import did_you_mean
from rpcstats.data.registries import Programme
from rpcstats.data.rules import Tables
from rpcstats.data.sources import Source, find_sources, missing_table
from rpcstats.data.tables import TABLES
from rpcstats.errors import ParameterError, SchemaError


@dataclass(frozen=True, slots=True, eq=False)
class Extract:
    """A council's extract without faults.

    Attributes
    ----------
    council : CouncilFile
        Whose extract it is.
    files : mapping of str to str
        File names, relative to the folder, to their SHA-256.
    programmes : mapping of str to Programme
        The council's programmes, with its own rules.
    _frames : mapping of str to DataFrame
        The typed tables; `table` hands out copies.
    """

    council: CouncilFile
    files: Mapping[str, str]
    programmes: Mapping[str, Programme]
    _frames: Mapping[str, pd.DataFrame] = field(repr=False)

    def table(self, name: str) -> pd.DataFrame:
        """Give a copy of a table.

        Parameters
        ----------
        name : str
            Our name of the table.

        Returns
        -------
        DataFrame
            Typed columns in our order, one row as the schema says.

        Raises
        ------
        SchemaError
            If the extract has no such table.
        """
        if name not in self._frames:
            known = name in TABLES
            hint = (
                f": {missing_table(name, self.council).hint}"
                if known
                else did_you_mean(name, TABLES)
            )
            raise SchemaError(
                f"the extract of {self.council.name}", [f"has no table `{name}`{hint}"]
            )
        return self._frames[name].copy()

    def has(self, name: str) -> bool:
        """Tell whether the extract has a table.

        Parameters
        ----------
        name : str
            Our name of the table.

        Returns
        -------
        bool
            False for one that was left out, or not read.
        """
        return name in self._frames

    @property
    def n_rows(self) -> Mapping[str, int]:
        """Number of rows of each table."""
        return MappingProxyType({name: len(frame) for name, frame in self._frames.items()})


def read_extract(folder: str | Path, *, tables: Sequence[str] | None = None) -> Extract:
    """Read the extract of a council, or refuse it with every fault.

    Parameters
    ----------
    folder : str or Path
        Folder that holds `council.yml` and the tables, or the name of one under
        `data/councils`.
    tables : sequence of str or None
        Tables that must be there, and are read; None for those that are there.

    Returns
    -------
    Extract
        Typed tables.

    Raises
    ------
    SchemaError
        If there is a fault; it lists every one and shows no cell value.
    ParameterError
        If there is no such folder, or `tables` names a table the schema does not have.
    """
    folder = Path(folder) if Path(folder).is_dir() else find_council(folder)
    extract, faults = _read(folder, tables)
    errors = errors_of(faults)
    if extract is None or errors:
        number = "1 fault" if len(errors) == 1 else f"{len(errors)} faults"
        heading = f"the extract in {folder.name} has {number}"
        raise SchemaError(heading, [str(fault) for fault in errors])
    return extract


def check_extract(
    folder: str | Path,
    *,
    tables: Sequence[str] | None = None,
    expected: Sequence[str] = (),
) -> list[Fault]:
    """List every fault of the extract of a council, errors first.

    Parameters
    ----------
    folder : str or Path
        Folder that holds `council.yml` and the tables.
    tables : sequence of str or None
        Tables that must be there, and are checked; None for those that are there.
    expected : sequence of str
        Tables whose absence is an error, beside all those that are there.

    Returns
    -------
    list of Fault
        Errors, which refuse the extract, then warnings, which do not.
    """
    extract, faults = _read(Path(folder), tables)
    told = {fault.table for fault in faults}
    if extract is not None and not told & {None, COUNCIL_FILE}:
        faults += [
            missing_table(name, extract.council)
            for name in expected
            if not extract.has(name) and name not in told
        ]
    return sorted(faults, key=lambda fault: fault.severity)


def _read(folder: Path, names: Sequence[str] | None) -> tuple[Extract | None, list[Fault]]:
    unknown = [name for name in names or () if name not in TABLES]
    if unknown:
        texts = [f"`{name}`{did_you_mean(name, TABLES)}" for name in unknown]
        raise ParameterError("unknown table", texts)
    if not folder.is_dir():
        return None, [file_fault(None, "missing folder", "check the name of the council's folder")]
    council, faults = read_council_file(folder)
    if council is None:
        return None, faults
    wanted = [name for name in TABLES if names is None or name in names]
    sources, wrong = find_sources(folder, council, wanted, needed=names is not None)
    faults += wrong
    known = programmes_of(council)
    frames, wrong = _load_all(council, known, sources)
    faults += wrong
    filled = {name: frame for name, frame in frames.items() if len(frame)}
    faults += check_tables(Tables(filled, council, known))
    paths = {folder / COUNCIL_FILE, *(source.path for source in sources.values())}
    files = {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(paths)
    }
    tidy = {name: frame.reset_index(drop=True) for name, frame in frames.items()}
    extract = Extract(
        council, MappingProxyType(files), MappingProxyType(known), MappingProxyType(tidy)
    )
    return extract, faults


def _load_all(
    council: CouncilFile, known: Mapping[str, Programme], sources: Mapping[str, Source]
) -> tuple[dict[str, pd.DataFrame], list[Fault]]:
    frames: dict[str, pd.DataFrame] = {}
    faults: list[Fault] = []
    codebook = make_codebook(council, known)
    for name, source in sources.items():
        try:
            raw = read_file(source.path, source.sheet)
        except UnreadableFileError as error:
            faults.append(file_fault(name, error.rule, error.hint))
            continue
        reader = Reader(name, raw.rows, council, codebook)
        frames[name], wrong = load_table(TABLES[name], raw, reader)
        faults += wrong
    return frames, faults
