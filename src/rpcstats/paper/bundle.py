"""The folder of a paper: made beside the old one, and put in its place in one move."""

import contextlib
import csv
import io
import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rpcstats.errors import PaperError
from rpcstats.paper.items import Item, ledger, pictures

if sys.platform != "win32":
    import fcntl

MANIFEST: Final = "manifest.json"
CLOCKS: Final = "run.json"
ERROR: Final = "error.txt"
LEDGER: Final = "ledger.json"
NOTEBOOK: Final = "paper.ipynb"
VALUES: Final = "data/values.csv"
_ATTEMPTS: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A paper that has been made.

    Attributes
    ----------
    folder : Path
        Where it is.
    paper : str
        Name of its notebook.
    council : str or None
        Slug of its council; None for a paper about no council.
    parameters : mapping of str to object
        The values it was made with.
    items : tuple of str
        Ids of what it shows.
    warning : str
        What to mind before it is published; empty if nothing.
    """

    folder: Path
    paper: str
    council: str | None
    parameters: Mapping[str, object]
    items: tuple[str, ...]
    warning: str = ""

    def path(self, name: str) -> Path:
        """Give the path of a file of the bundle, such as ``paper.pdf``.

        Parameters
        ----------
        name : str
            Name of the file inside the folder.

        Returns
        -------
        Path
            Its path, whether or not there is such a file.
        """
        return self.folder / name


@contextlib.contextmanager
def workspace(target: Path) -> Iterator[Path]:
    """Open a hidden folder beside a bundle, to make the next one in.

    Parameters
    ----------
    target : Path
        Folder of the bundle, there or not.

    Yields
    ------
    Path
        An empty folder; hand it to `swap`. It is removed if it is still there
        at the end, whatever happened.

    Raises
    ------
    PaperError
        If the folder can't be written to, or holds something that is no paper.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        recover(target)
        if not _is_replaceable(target):
            raise PaperError(
                f"{target} holds something that is no paper; choose another output folder"
            )
        work = target.parent / f"{_prefix(target, 'new')}{secrets.token_hex(4)}"
        work.mkdir()
        lock = _lock(work)
    except OSError as exc:
        raise PaperError(
            f"can't write to {target}: {exc.strerror}; choose another output folder"
        ) from exc
    try:
        yield work
    finally:
        if lock is not None:
            os.close(lock)
        shutil.rmtree(work, ignore_errors=True)


def swap(work: Path, target: Path) -> None:
    """Put a finished folder in the place of a bundle.

    Parameters
    ----------
    work : Path
        The finished folder, on the same disk.
    target : Path
        Folder of the bundle, there or not.

    Raises
    ------
    PaperError
        If the folder can't be moved; the old bundle is then back in its place.

    Notes
    -----
    The old bundle is renamed aside, the new one takes its name, the old one is
    removed. A crash leaves one of the two whole; `recover` finds it.
    """
    for _ in range(_ATTEMPTS):
        aside = target.parent / f"{_prefix(target, 'old')}{secrets.token_hex(4)}"
        moved = True
        try:
            target.rename(aside)
        except FileNotFoundError:
            moved = False
        try:
            work.rename(target)
        except BaseException as exc:
            if target.exists():  # another run was quicker: its paper is the old one now
                shutil.rmtree(aside, ignore_errors=True)
                if isinstance(exc, OSError):
                    continue
            elif moved:
                aside.rename(target)
            if isinstance(exc, OSError):
                raise PaperError(f"can't replace {target}: {exc.strerror}") from exc
            raise
        shutil.rmtree(aside, ignore_errors=True)
        return
    raise PaperError(f"other runs keep replacing {target}; run this paper once at a time")


def recover(target: Path) -> None:
    """Clean up after a run that was cut off, and bring back a bundle it had set aside.

    Parameters
    ----------
    target : Path
        Folder of the bundle. Folders of a run that is still going are left alone.
    """
    if not target.parent.is_dir():
        return
    siblings = sorted(target.parent.iterdir())
    for folder in siblings:
        if folder.name.startswith(_prefix(target, "new")):
            with contextlib.suppress(OSError):
                lock = _lock(folder)
                shutil.rmtree(folder, ignore_errors=True)
                if lock is not None:
                    os.close(lock)
    for folder in siblings:
        if not folder.name.startswith(_prefix(target, "old")):
            continue
        if target.exists():
            shutil.rmtree(folder, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                folder.rename(target)


def write_error(target: Path, message: str) -> None:
    """Leave a note of a failed run in a bundle's folder; the paper there stays.

    Parameters
    ----------
    target : Path
        Folder of the bundle; made if it is not there.
    message : str
        What went wrong, the first line in plain words.
    """
    with contextlib.suppress(OSError):
        target.mkdir(parents=True, exist_ok=True)
        (target / ERROR).write_text(message.strip() + "\n", encoding="utf-8")


def write_items(folder: Path, nb: Any, items: Mapping[str, Item]) -> None:
    """Write the notebook, the data behind each item, the drawings and the ledger.

    Parameters
    ----------
    folder : Path
        An empty folder.
    nb : NotebookNode
        The executed notebook, scrubbed.
    items : mapping of str to Item
        What it holds.
    """
    import nbformat

    writes: Any = nbformat.writes
    _write(folder / NOTEBOOK, f"{writes(nb)}\n")
    for item in items.values():
        if item.data is not None:
            _write(folder / "data" / f"{item.id}.csv", item.data)
    _write(folder / VALUES, _values(items))
    for name, svg in pictures(nb).items():
        _write(folder / "figures" / f"{name}.svg", svg)
    write_json(folder / LEDGER, {"ledger": ledger(nb)})


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write JSON so that equal content gives equal bytes.

    Parameters
    ----------
    path : Path
        The file.
    content : mapping
        JSON types only.
    """
    _write(path, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def _values(items: Mapping[str, Item]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["id", "value", "text", "tolerance"])
    for item in items.values():
        if item.kind == "value":
            numbers = ["" if x is None else f"{x:.10g}" for x in (item.value, item.tolerance)]
            writer.writerow([item.id, numbers[0], item.text, numbers[1]])
    return buffer.getvalue()


def _prefix(target: Path, age: str) -> str:
    return f".{target.name}.{age}-"


def _is_replaceable(target: Path) -> bool:
    """Tell whether a folder is a bundle, the trace of a failed run, or nothing yet."""
    if not target.exists():
        return True
    names = {path.name for path in target.iterdir()}
    return MANIFEST in names or names <= {ERROR}


def _lock(folder: Path) -> int | None:
    """Lock a folder for as long as this process lives; OSError if another has it."""
    if sys.platform == "win32":
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle
