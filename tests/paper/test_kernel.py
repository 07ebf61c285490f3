import gc
import json
import subprocess
import sys
from pathlib import Path

import pytest

from rpcstats.errors import PaperError
from rpcstats.paper import kernel
from rpcstats.paper.execute import execute
from rpcstats.paper.items import collect
from rpcstats.paper.kernel import LocalKernel, private_folder

NOTEBOOKS = Path(__file__).parent / "notebooks"
SIDE_BY_SIDE = """
import json, sys
from pathlib import Path
from rpcstats.paper.execute import execute
from rpcstats.paper.items import collect

nb = execute(Path(sys.argv[1]), {"council": sys.argv[2], "wait": 0.5}, cwd=Path(sys.argv[3]))
print(collect(nb)["prose-1"].text)
"""


def probe(cwd: Path, **parameters) -> dict:
    nb = execute(NOTEBOOKS / "probe.ipynb", {"council": "x", **parameters}, cwd=cwd)
    return json.loads(collect(nb)["prose-1"].text)


def test_a_folder_is_private_and_short():
    folder = private_folder()
    try:
        assert folder.stat().st_mode & 0o077 == 0
        assert len(str(folder / kernel.SOCKET_NAME)) <= kernel.LONGEST_SOCKET
    finally:
        folder.rmdir()


def test_a_long_temporary_folder_is_not_used_for_sockets(tmp_path, monkeypatch):
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr(kernel.tempfile, "gettempdir", lambda: str(long))
    folder = private_folder()
    folder.rmdir()
    assert folder.parent == Path("/tmp")
    assert not list(long.iterdir())


def test_no_short_folder_at_all_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel, "LONGEST_SOCKET", 5)
    with pytest.raises(PaperError, match="set TMPDIR to a short path"):
        private_folder()


def test_the_folder_goes_with_a_manager_that_never_started():
    manager = LocalKernel()
    folder = manager.folder
    assert folder.is_dir()
    del manager
    gc.collect()
    assert not folder.exists()


@pytest.mark.notebook
def test_the_kernel_is_this_interpreter_in_a_fixed_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    here = Path.cwd()
    seen = probe(tmp_path)
    assert seen["executable"] == sys.executable
    assert seen["transport"] == "ipc"
    assert Path(seen["cwd"]) == tmp_path
    assert Path.cwd() == here
    assert seen["PYTHONHASHSEED"] == "0"
    assert seen["OMP_NUM_THREADS"] == seen["OPENBLAS_NUM_THREADS"] == "1"
    assert (seen["TZ"], seen["LC_ALL"], seen["MPLBACKEND"]) == ("UTC", "C.UTF-8", "agg")
    assert Path(seen["ipython"]).parent == Path(seen["folder"])
    assert not Path(seen["folder"]).exists()


@pytest.mark.notebook
def test_a_broken_kernel_specification_does_not_matter(tmp_path, monkeypatch):
    for name in ("python3", "my-own-kernel"):
        folder = tmp_path / "kernels" / name
        folder.mkdir(parents=True)
        (folder / "kernel.json").write_text('{"argv": ["/no/such/python"], "language": "python"')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    assert probe(tmp_path)["executable"] == sys.executable


@pytest.mark.notebook
def test_a_profile_of_the_user_is_not_run(tmp_path, monkeypatch):
    startup = tmp_path / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("raise SystemExit('the profile ran')\nfactor = 2")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    (tmp_path / "start.py").write_text("import os\nos.environ['TZ'] = 'changed'")
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "start.py"))
    assert probe(tmp_path)["TZ"] == "UTC"


@pytest.mark.notebook
@pytest.mark.parametrize("n", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_processes_side_by_side_each_get_their_own_kernel(tmp_path, n):
    runs = []
    for number in range(n):
        command = [sys.executable, "-W", "error", "-c", SIDE_BY_SIDE]
        command += [str(NOTEBOOKS / "probe.ipynb"), f"council-{number}", str(tmp_path)]
        runs.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
    seen = []
    for run in runs:
        out, err = run.communicate(timeout=300)
        assert (run.returncode, err.decode()) == (0, "")
        seen.append(json.loads(out))
    assert [one["council"] for one in seen] == [f"council-{number}" for number in range(n)]
    assert len({one["folder"] for one in seen}) == n
    assert not any(Path(one["folder"]).exists() for one in seen)
    assert not list(tmp_path.iterdir())
