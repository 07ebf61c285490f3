import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pytest

from rpcstats.errors import PaperError
from rpcstats.paper.execute import execute, scrub
from rpcstats.paper.items import collect

NOTEBOOKS = Path(__file__).parent / "notebooks"
SECRET = "Mrs Smith"
INTERRUPTED = """
import signal, sys
from pathlib import Path
from rpcstats.paper.execute import execute

signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may have it ignored

def tell(cell, total, heading):
    print(cell, flush=True)

execute(Path(sys.argv[1]), {"kind": "slow"}, cwd=Path(sys.argv[2]), on_cell=tell)
"""


@pytest.fixture
def extract(tmp_path):
    folder = tmp_path / "toytown"
    folder.mkdir()
    (folder / "referrals.csv").write_text("referral_id\n" + "r\n" * 42)
    return tmp_path


@pytest.fixture
def sockets(tmp_path, monkeypatch):
    """A folder of this test's own for the kernels, so that leftovers can be seen."""
    short = Path(tempfile.mkdtemp(prefix="t-", dir="/tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(short))
    yield short
    short.rmdir()


def fail(kind: str, cwd: Path, **options) -> str:
    with pytest.raises(PaperError) as caught:
        execute(NOTEBOOKS / "failing.ipynb", {"kind": kind}, cwd=cwd, **options)
    return str(caught.value)


@pytest.mark.notebook
def test_a_notebook_runs_and_tells_its_cells(extract, sockets, capfd):
    told = []
    nb = execute(
        NOTEBOOKS / "toy.ipynb",
        {"council": "toytown", "conf_level": 0.5},
        cwd=extract,
        on_cell=lambda *cell: told.append(cell),
    )
    items = collect(nb)
    assert items["n_referred"].value == 40
    assert items["share"].text == "0.20"
    assert told[0] == (1, 9, "How many parents stay?")
    assert told[-1] == (9, 9, "What happened")
    assert [cell for cell, _, _ in told] == list(range(1, 10))
    assert capfd.readouterr() == ("", "")


@pytest.mark.notebook
def test_two_runs_are_byte_identical_whatever_the_hash_seed(extract, monkeypatch):
    texts = []
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        nb = execute(NOTEBOOKS / "toy.ipynb", {"council": "toytown"}, cwd=extract)
        texts.append(nbformat.writes(nb))
    assert texts[0] == texts[1]
    assert str(extract) not in texts[0]
    noisy = next(c for c in nb.cells if "a stream is dropped" in c.source)
    assert noisy.outputs == []
    assert "papermill" not in nb.metadata


@pytest.mark.notebook
def test_an_error_of_this_package_is_shown_as_it_is(extract):
    assert fail("own", extract) == "group 'online' has no event; drop it"


@pytest.mark.notebook
@pytest.mark.parametrize(("kind", "name"), [("key", "KeyError"), ("same_name", "DataError")])
def test_any_other_exception_shows_its_type_only(extract, kind, name):
    message = fail(kind, extract)
    assert message == f"cell 4 (under 'The second part') failed: {name}"
    assert SECRET not in message


@pytest.mark.notebook
def test_a_killed_kernel_is_told_and_cleaned_up(extract, sockets):
    message = fail("kill", extract)
    assert message.startswith("the kernel stopped in cell 4 (under 'The second part')")
    assert "out of memory or killed" in message


@pytest.mark.notebook
def test_a_slow_cell_is_stopped_in_time(extract, sockets):
    begin = time.monotonic()
    assert "cell 4 (under 'The second part') took longer than 2 seconds" in fail(
        "slow", extract, timeout=2
    )
    assert time.monotonic() - begin < 30


@pytest.mark.notebook
def test_a_notebook_that_leaves_early_is_no_paper(extract):
    assert "cell 4 (under 'The second part') left the notebook before its end" in fail(
        "leave", extract
    )


@pytest.mark.notebook
def test_an_interrupt_stops_the_kernel_and_leaves_nothing(extract, sockets):
    command = [sys.executable, "-c", INTERRUPTED, str(NOTEBOOKS / "failing.ipynb"), str(extract)]
    environment = {**os.environ, "TMPDIR": str(sockets)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if line.strip() == b"4":
                break
        time.sleep(0.5)
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=60)
    assert run.returncode != 0
    assert b"KeyboardInterrupt" in err
    assert not list(sockets.iterdir())


def test_a_file_that_is_no_notebook_is_named(tmp_path):
    (tmp_path / "x.ipynb").write_text("no")
    with pytest.raises(PaperError, match=r"x\.ipynb can't be read as a notebook"):
        execute(tmp_path / "x.ipynb", {}, cwd=tmp_path)


def test_scrub_keeps_what_was_emitted_and_nothing_else():
    mime = "application/vnd.rpcstats.prose+json"
    new = nbformat.v4
    clocks = {
        "tags": ["a"],
        "execution": {"iopub.execute_input": "2024-01-01T10:00:00Z"},
        "papermill": {"duration": 2},
    }
    outputs = [
        new.new_output("stream", text=SECRET),
        new.new_output("execute_result", data={"text/plain": SECRET}, execution_count=3),
        new.new_output("display_data", data={"text/html": SECRET}),
        new.new_output(
            "execute_result",
            data={mime: {"markdown": "x"}, "text/html": SECRET},
            metadata={"m": SECRET},
            execution_count=4,
        ),
    ]
    cell = new.new_code_cell("f()", metadata=clocks, outputs=outputs, execution_count=4)
    nb = new.new_notebook(cells=[new.new_markdown_cell("# T"), cell], metadata={"papermill": 1})
    kept = scrub(nb)
    assert [c.id for c in kept.cells] == ["cell-01", "cell-02"]
    assert kept.cells[1].metadata == {"tags": ["a"]}
    assert kept.cells[1].execution_count is None
    assert [output.data for output in kept.cells[1].outputs] == [{mime: {"markdown": "x"}}]
    assert kept.cells[1].outputs[0].metadata == {}
    assert SECRET not in nbformat.writes(kept)
    assert nb.cells[1].execution_count == 4
    nbformat.validate(kept)
