"""A Jupyter kernel that needs no installed kernel specification and opens no port."""

import os
import shutil
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Any, Final

from ipykernel.kernelspec import make_ipkernel_cmd
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import default

from rpcstats.errors import PaperError

KERNEL_NAME: Final = "python3"
# A Unix socket path ends at 107 characters (103 on macOS); the longest name
# that is added to the folder is "/kernel.json-ipc-5".
LONGEST_SOCKET: Final = 103
SOCKET_NAME: Final = "kernel.json-ipc-5"
# 1 January 1980, the earliest date a zip archive (and so a Word file) can hold.
EPOCH: Final = 315_532_800
_HAS_IPC: Final = os.name == "posix"


def environment(folder: Path) -> dict[str, str]:
    """Give the variables that make two runs of a kernel equal.

    One thread, a fixed hash seed, no time zone, no locale, no drawing window,
    and none of the user's own start-up files.

    Parameters
    ----------
    folder : Path
        The kernel's private folder; IPython keeps its profile there.

    Returns
    -------
    dict of str to str
        To be laid over the environment of this process.
    """
    threads = ("OPENBLAS", "OMP", "MKL", "NUMEXPR", "NUMBA")
    return {
        **{f"{library}_NUM_THREADS": "1" for library in threads},
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "LC_ALL": "C.UTF-8",
        "MPLBACKEND": "agg",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONSTARTUP": "",
        "SOURCE_DATE_EPOCH": str(EPOCH),
        "TZ": "UTC",
    }


def private_folder() -> Path:
    """Make a folder for one kernel, short enough for the names of its sockets.

    Returns
    -------
    Path
        A new folder that only this user can read.

    Raises
    ------
    PaperError
        If the temporary folder's own name is too long for a socket.
    """
    places = [tempfile.gettempdir(), "/tmp"] if _HAS_IPC else [tempfile.gettempdir()]
    for place in places:
        if not Path(place).is_dir():
            continue
        folder = Path(tempfile.mkdtemp(prefix="rpc-", dir=place))
        if not _HAS_IPC or len(os.fsencode(folder / SOCKET_NAME)) <= LONGEST_SOCKET:
            return folder
        folder.rmdir()
    raise PaperError(
        "the name of the temporary folder is too long for a socket; "
        "set TMPDIR to a short path such as /tmp and run again"
    )


class _ThisPython(KernelSpecManager):
    """Knows one kernel, the interpreter that runs now, and looks for no other."""

    folder: Path

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Describe the kernel of this interpreter, whatever name is asked for."""
        return KernelSpec(
            argv=make_ipkernel_cmd(executable=sys.executable),
            display_name=kernel_name,
            language="python",
            env=environment(self.folder),
            interrupt_mode="signal",
        )


class LocalKernel(AsyncKernelManager):
    """Manager of one kernel with sockets in a private folder of its own.

    Without a connection file of its own `jupyter_client` names the sockets
    after the working folder, where kernels that run side by side collide. The
    folder goes when the kernel has been cleaned up, and at the latest when
    this object or the interpreter ends, however the kernel ended.

    Parameters
    ----------
    **options : object
        Traits of `jupyter_client`'s kernel manager; those given win over the defaults set here.
    """

    def __init__(self, **options: Any) -> None:
        self.folder = private_folder()
        self._sweep = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        options.setdefault("transport", "ipc" if _HAS_IPC else "tcp")
        options.setdefault("connection_file", str(self.folder / "kernel.json"))
        # A kernel told to stop while it computes does not answer: wait briefly.
        options.setdefault("shutdown_wait_time", 2.0)
        super().__init__(**options)

    @default("kernel_spec_manager")
    def _only_this_python(self) -> KernelSpecManager:
        manager = _ThisPython(parent=self)
        manager.folder = self.folder
        return manager

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        # What a kernel writes past Jupyter (a library's chatter, a crash) may hold data.
        options.update(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        await super()._async_launch_kernel(kernel_cmd, **options)

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if not restart:
            self._sweep()

    cleanup_resources = _async_cleanup_resources
