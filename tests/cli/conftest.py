"""The command line, as a council's evaluator meets it."""

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rpcstats.cli import app

PROGRAM = [sys.executable, "-m", "rpcstats"]
OLD_PAPER = {"manifest.json": b"{}\n", "paper.html": b"<p>the paper of last year</p>\n"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


@pytest.fixture
def rpcstats() -> Callable[..., Answer]:
    """Run a command inside this process; an exception that gets out fails the test."""

    def run(*arguments: object) -> Answer:
        made = CliRunner().invoke(app, [str(part) for part in arguments])
        if made.exception is not None and not isinstance(made.exception, SystemExit):
            raise made.exception
        return Answer(made.exit_code, made.stdout, made.stderr)

    return run


@pytest.fixture(scope="session")
def program() -> list[str]:
    return PROGRAM


@pytest.fixture(scope="session")
def rpcstats_process() -> Callable[..., Answer]:
    """Run a command as a program of its own."""

    def run(*arguments: object, **variables: str) -> Answer:
        made = subprocess.run(
            [*PROGRAM, *(str(part) for part in arguments)],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Answer(made.returncode, made.stdout, made.stderr)

    return run


class Council:
    """A copy of a synthetic extract, to be spoilt."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, table: str) -> Path:
        return self.folder / f"{table}.csv"

    def rows(self, table: str) -> list[list[str]]:
        with self.path(table).open(encoding="utf-8", newline="") as stream:
            return list(csv.reader(stream))

    def write(self, table: str, rows: list[list[str]]) -> None:
        with self.path(table).open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)

    def put(self, table: str, column: str, row: int, value: str) -> None:
        """Write a cell; rows are numbered as in a spreadsheet."""
        rows = self.rows(table)
        rows[row - 1][rows[0].index(column)] = value
        self.write(table, rows)

    def describe(self, **entries: str) -> None:
        """Replace lines of council.yml."""
        path = self.folder / "council.yml"
        lines = [
            line
            for line in path.read_text(encoding="utf-8").splitlines()
            if line.partition(":")[0] not in entries
        ]
        lines += [f"{name}: {text}" for name, text in entries.items()]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    """Give every file below a folder, hidden ones included."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="session")
def files_of() -> Callable[[Path], dict[str, bytes]]:
    return contents


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files that `rpcstats simulate` writes."""
    folder = tmp_path_factory.mktemp("synthetic") / "northmere"
    made = CliRunner().invoke(app, ["simulate", "herts_pws", "--to", str(folder)])
    assert made.exit_code == 0, made.stderr
    return contents(folder)


@pytest.fixture
def council(
    synthetic: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Council]:
    """A sound extract in the working folder, which is a temporary one."""
    folder = tmp_path / "northmere"
    folder.mkdir()
    for name, content in synthetic.items():
        (folder / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return Council(folder)


@pytest.fixture
def old_paper(tmp_path: Path) -> Path:
    """The folder of a paper made before, where `rpcstats paper retention` puts its own."""
    folder = tmp_path / "build" / "retention" / "northmere"
    folder.mkdir(parents=True)
    for name, content in OLD_PAPER.items():
        (folder / name).write_bytes(content)
    return folder
