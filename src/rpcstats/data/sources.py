"""Where the tables of a council's folder are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rpcstats.data.council_file import CouncilFile
from rpcstats.data.faults import Fault, file_fault
from rpcstats.data.mapping import plain
from rpcstats.data.reading import UnreadableFileError, sheet_names

SUFFIXES: Final = (".csv", ".parquet", ".xlsx")


@dataclass(frozen=True, slots=True)
class Source:
    """Where one table is kept.

    Attributes
    ----------
    path : Path
        The file.
    sheet : str or None
        The sheet of a workbook; None for its only sheet.
    """

    path: Path
    sheet: str | None = None


def find_sources(
    folder: Path, council: CouncilFile, names: Sequence[str], *, needed: bool
) -> tuple[dict[str, Source], list[Fault]]:
    """Find the files of tables.

    Parameters
    ----------
    folder : Path
        The council's folder.
    council : CouncilFile
        The council's own names.
    names : sequence of str
        Our names of the tables wanted.
    needed : bool
        Whether an absent table is a fault.

    Returns
    -------
    sources : dict of str to Source
        The tables that are there.
    faults : list of Fault
        Files or sheets that are missing, or there twice.
    """
    sheets, faults = _sheets_of(folder, council)
    if faults:
        return {}, faults
    sources: dict[str, Source] = {}
    for name in names:
        source = _find_source(folder, council, name, sheets)
        if isinstance(source, Fault):
            faults.append(source)
        elif source is not None:
            sources[name] = source
        elif needed:
            faults.append(missing_table(name, council))
    if not sources and not faults:
        hint = (
            "add referrals.csv, episodes.csv ..., or name the files under `tables` in council.yml; "
            "for one workbook with a sheet a table write `workbook: its name.xlsx` there"
        )
        faults.append(file_fault(None, "no table found", hint))
    return sources, faults


def missing_table(name: str, council: CouncilFile) -> Fault:
    """Tell that a table is not there.

    Parameters
    ----------
    name : str
        Our name of the table.
    council : CouncilFile
        Whose extract it is.

    Returns
    -------
    Fault
        An error.
    """
    if council.workbook is None:
        hint = f"add {name}.csv, or name the file under tables.{name}.file in council.yml"
    else:
        hint = f"name its sheet of the workbook under tables.{name}.sheet in council.yml"
    return file_fault(name, "missing table", hint)


def _sheets_of(folder: Path, council: CouncilFile) -> tuple[dict[str, str], list[Fault]]:
    if council.workbook is None:
        return {}, []
    path = folder / council.workbook
    if not path.is_file():
        hint = "mend the name, or add the file to the council's folder"
        return {}, [file_fault("council.yml", "missing file", hint, "workbook")]
    try:
        return {plain(name): name for name in sheet_names(path)}, []
    except UnreadableFileError as error:
        return {}, [file_fault("council.yml", error.rule, error.hint, "workbook")]


def _find_source(
    folder: Path, council: CouncilFile, name: str, sheets: dict[str, str]
) -> Source | Fault | None:
    mapping = council.mapping(name)
    if mapping.file is not None:
        path = folder / mapping.file
        hint = f"mend tables.{name}.file in council.yml, or add the file to the folder"
        return Source(path, mapping.sheet) if path.is_file() else _missing(name, "file", hint)
    if council.workbook is not None:
        sheet = sheets.get(plain(mapping.sheet or name))
        if sheet is None and mapping.sheet is not None:
            hint = f"mend tables.{name}.sheet in council.yml"
            return _missing(name, "sheet", hint)
        return None if sheet is None else Source(folder / council.workbook, sheet)
    return _find_by_name(folder, name, mapping.sheet)


def _find_by_name(folder: Path, name: str, sheet: str | None) -> Source | Fault | None:
    found = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.casefold() in SUFFIXES and plain(path.stem) == name and path.is_file()
    )
    if len(found) > 1:
        hint = f"delete all but one, or name it under tables.{name}.file in council.yml"
        return file_fault(name, "several files of one table", hint)
    return Source(found[0], sheet) if found else None


def _missing(name: str, what: str, hint: str) -> Fault:
    return file_fault(name, f"missing {what}", hint)
