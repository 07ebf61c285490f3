"""The manifest: everything needed to make a paper again and to tell whether it is the same."""

import csv
import hashlib
import io
import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any, Final

from rpcstats.errors import ReproductionError
from rpcstats.paper.bundle import CLOCKS, ERROR, MANIFEST
from rpcstats.paper.items import Item

SCHEMA: Final = "rpcstats-manifest/1"
PACKAGE: Final = "rpcstats"
# Relative; other linear algebra libraries moved a mixed model by 3e-14.
FRAME_TOLERANCE: Final = 1e-6
# Key of the one hash that stands for all files of a real extract.
WHOLE_EXTRACT: Final = "extract"
_NOT_LISTED: Final = frozenset({MANIFEST, CLOCKS, ERROR})
_FIELDS: Final[Mapping[str, tuple[type, ...]]] = {
    "paper": (str,),
    "council": (str, type(None)),
    "parameters": (dict,),
    "formats": (list,),
    "data": (dict,),
    "notebook": (dict,),
    "environment": (dict,),
    "items": (dict,),
    "files": (dict,),
}


def hash_file(path: Path) -> str:
    """Hash a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        SHA-256 of its bytes, in hexadecimal.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_files(folder: Path) -> dict[str, str]:
    """Hash the files of a bundle.

    Parameters
    ----------
    folder : Path
        The bundle.

    Returns
    -------
    dict of str to str
        Hash by name, with ``/`` between folders. The manifest, the clocks and
        the note of a failed run are left out.
    """
    found = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return {name: hash_file(path) for name, path in found.items() if name not in _NOT_LISTED}


def item_entry(item: Item) -> dict[str, object]:
    """Describe an item.

    Parameters
    ----------
    item : Item
        A figure, table, value, sentence, formula, the head or the ledger.

    Returns
    -------
    dict of str to object
        Its kind and title, the hash, rows and columns of its data, its value
        and printed text, and its tolerance; only what it has.
    """
    entry: dict[str, object] = {"kind": item.kind}
    optional = {"title": item.title or None, "sha256": item.sha256, "text": item.text}
    entry |= {name: content for name, content in optional.items() if content is not None}
    if item.data is not None:
        rows = list(csv.reader(io.StringIO(item.data)))
        entry |= {"columns": rows[0] if rows else [], "rows": max(len(rows) - 1, 0)}
        entry["tolerance"] = FRAME_TOLERANCE if item.tolerance is None else item.tolerance
    if item.kind == "value":
        entry |= {"value": item.value, "tolerance": item.tolerance}
    return entry


def data_entry(
    files: Mapping[str, str], n_rows: Mapping[str, int], *, is_public: bool
) -> dict[str, object]:
    """Describe the data a paper was made from.

    Parameters
    ----------
    files : mapping of str to str
        Hash by file name.
    n_rows : mapping of str to int
        Records by table.
    is_public : bool
        Whether no record is a real person's.

    Returns
    -------
    dict of str to object
        Hashes by file and records by table. Of a real extract one hash of all files
        together: the number of records would undo the rounding in the paper, and the
        hash of one small file lets a guess of its content be confirmed.
    """
    if is_public:
        return {"files": dict(files), "rows": dict(n_rows)}
    lines = "\n".join(f"{name} {files[name]}" for name in sorted(files))
    return {"files": {WHOLE_EXTRACT: hashlib.sha256(lines.encode()).hexdigest()}, "rows": {}}


def describe(
    facts: Mapping[str, object], items: Mapping[str, Item], folder: Path
) -> dict[str, object]:
    """Write down a paper that is about to be put in place.

    Parameters
    ----------
    facts : mapping of str to object
        Paper, council, parameters, formats, data and notebook.
    items : mapping of str to Item
        What it shows.
    folder : Path
        Where its files are.

    Returns
    -------
    dict of str to object
        The manifest: no clock, and no path of this machine.
    """
    return {
        **facts,
        "schema": SCHEMA,
        "environment": environment(),
        "items": {name: item_entry(item) for name, item in items.items()},
        "files": hash_files(folder),
    }


def environment() -> dict[str, object]:
    """Describe what the paper is made with.

    Returns
    -------
    dict of str to object
        Python, platform, package version, git commit and whether the tree has
        changes (None where there is no repository), and the versions of the
        package's requirements.
    """
    commit, dirty = _commit()
    names = [
        re.split(r"[^\w.-]", line, maxsplit=1)[0]
        for line in metadata.requires(PACKAGE) or ()
        if "extra ==" not in line
    ]
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "version": metadata.version(PACKAGE),
        "commit": commit,
        "dirty": dirty,
        "packages": {name: _version(name) for name in sorted(names)},
    }


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a bundle.

    Parameters
    ----------
    folder : Path
        The bundle.

    Returns
    -------
    dict
        Its content, with every field of the expected type.

    Raises
    ------
    ReproductionError
        If there is none, or it is not one this version reads.
    """
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReproductionError(
            f"{folder} has no {MANIFEST}; name the folder of a paper, such as build/paper/council"
        ) from None
    except (OSError, ValueError) as exc:
        raise ReproductionError(f"{path} can't be read; make the paper again") from exc
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ReproductionError(f"{path} is not of the schema {SCHEMA}; make the paper again")
    wrong = [name for name, kinds in _FIELDS.items() if not isinstance(content.get(name), kinds)]
    if wrong or not _is_sound(content):
        raise ReproductionError(
            f"{path} has lost or altered fields ({', '.join(wrong) or 'inside'}); "
            "make the paper again"
        )
    return content


def _is_sound(content: Mapping[str, Any]) -> bool:
    """Tell whether the fields hold what they should, and no path leads out of the bundle."""
    names = [*content["files"], *(f"data/{name}.csv" for name in content["items"])]
    paths = [PurePosixPath(name) for name in names]
    inside = all(not path.is_absolute() and ".." not in path.parts for path in paths)
    # A paper is found by its name; a path here would run any notebook of this machine.
    named = re.fullmatch(r"[\w-]+", content["paper"]) is not None
    parts = [content["data"].get("files"), content["data"].get("rows"), *content["items"].values()]
    hashed = isinstance(content["notebook"].get("sha256"), str)
    return inside and named and hashed and all(isinstance(part, dict) for part in parts)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


@cache
def _commit() -> tuple[str | None, bool | None]:
    """Find the commit of the source tree this package runs from, if it runs from one."""
    here = Path(__file__).resolve()
    if _git(here.parent, "ls-files", "--error-unmatch", here.name) is None:
        return None, None  # an installed package, perhaps inside somebody else's repository
    commit = _git(here.parent, "rev-parse", "HEAD")
    changes = _git(here.parent, "status", "--porcelain")
    return commit, None if commit is None or changes is None else bool(changes)


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
