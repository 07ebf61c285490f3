"""Papers that can't be finished: nothing half-written, nothing told of the data."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parent / "notebooks"
SECRET = "Zquibblethwaite"
PATIENCE = 60  # seconds; a kernel starts in two or three


@pytest.fixture
def secretive(council):
    council.put("practitioners", "agency", 2, SECRET)
    return council


@pytest.fixture
def scratch():
    """A temporary folder of our own; its name is short enough for sockets."""
    folder = tempfile.mkdtemp(prefix="c-")
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.mark.notebook
def test_a_kernel_killed_in_mid_run_leaves_the_old_paper(
    secretive, rpcstats_process, tmp_path, files_of, scratch
):
    name, told = "killed", "the kernel stopped in cell 5 (under 'Half way') (out of memory or "
    folder = tmp_path / "build" / name / "northmere"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    (folder / "paper.html").write_text("<p>the paper of last year</p>")
    before = files_of(folder)
    answer = rpcstats_process(
        *("paper", NOTEBOOKS / f"{name}.ipynb", "--council", "northmere"), TMPDIR=str(scratch)
    )
    assert (answer.code, answer.out) == (1, "")
    last = answer.err.splitlines()[-1]
    assert last.startswith(told)
    assert SECRET not in answer.err
    assert "Traceback" not in answer.err

    after = files_of(tmp_path / "build")
    assert after.pop(f"{name}/northmere/error.txt").decode() == f"{last}\n"
    assert after == {f"{name}/northmere/{file}": content for file, content in before.items()}
    assert [path.name for path in folder.parent.iterdir()] == ["northmere"]
    assert list(scratch.iterdir()) == []


@pytest.mark.notebook
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupted_run_leaves_nothing(council, program, tmp_path, files_of, scratch):
    process = subprocess.Popen(
        [*program, "paper", str(NOTEBOOKS / "waiting.ipynb"), "--council", "northmere"],
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # it may be ignored here
    )
    try:
        runs, end = tmp_path / "kernel_runs", time.monotonic() + PATIENCE
        while not runs.exists() and time.monotonic() < end and process.poll() is None:
            time.sleep(0.05)
        assert runs.exists()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "Stopped. Nothing half-written was left behind."
    assert "Traceback" not in err
    assert files_of(tmp_path / "build") == {}
    assert list(scratch.iterdir()) == []


def a_file(tmp_path):
    (tmp_path / "file").write_text("something else")
    return tmp_path / "file" / "build"


def a_folder_of_something_else(tmp_path):
    folder = tmp_path / "mine" / "retention" / "northmere"
    folder.mkdir(parents=True)
    (folder / "thesis.docx").write_text("something else")
    return tmp_path / "mine"


def a_locked_folder(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    return folder


def a_read_only_file_system(tmp_path):
    if not Path("/proc/self").exists():
        pytest.skip("no /proc")
    return Path("/proc/rpcstats")


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (a_file, "can't write to .*/file/build/retention/northmere: .+; choose another output"),
        (a_locked_folder, "can't write to .*/locked/retention/northmere: .+; choose another"),
        (a_read_only_file_system, "can't write to /proc/rpcstats/.*: .+; choose another output"),
        (a_folder_of_something_else, ".* holds something that is no paper; choose another output"),
    ],
)
def test_an_output_folder_that_can_not_be_used(council, rpcstats, tmp_path, files_of, place, told):
    out = place(tmp_path)
    before = files_of(tmp_path)
    answer = rpcstats("paper", "retention", "--council", "northmere", "--to", out)
    assert (answer.code, answer.out) == (1, "")
    assert re.fullmatch(f"{told}.*", answer.err.rstrip())
    assert files_of(tmp_path) == before
