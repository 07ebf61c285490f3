"""Compiled kernels; only modules that hold kernels import this one, for it loads numba."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def compiled(*, fastmath: bool = False) -> Callable[[Kernel], Kernel]:
    """Compile a kernel when it is first called, and keep the machine code between processes.

    Parameters
    ----------
    fastmath : bool
        Whether sums may be reordered; only for kernels in which NaN and infinity cannot arise.

    Returns
    -------
    callable
        Decorator for a function of numbers and arrays.

    Notes
    -----
    numba keeps the code beside the module, or in the user's cache folder where the package is
    read-only, or where NUMBA_CACHE_DIR says. If none can be written to, each process compiles
    its own.
    """

    def decorate(function: Kernel) -> Kernel:
        try:
            kernel = numba.njit(cache=True, fastmath=fastmath)(function)
        except RuntimeError:
            kernel = numba.njit(fastmath=fastmath)(function)
        return cast(Kernel, kernel)

    return decorate
