"""Kernels are compiled, and work where no folder can be written to."""

import numba

from rpcstats._numerics import jit


def double(x):
    return 2.0 * x


def test_a_kernel_is_compiled_and_kept():
    kernel = jit.compiled(fastmath=True)(double)
    assert kernel(1.5) == 3.0
    assert kernel.signatures
    assert kernel.targetoptions["fastmath"] is True


def test_a_kernel_works_where_no_folder_is_writable(monkeypatch):
    original, asked = numba.njit, []

    def without_folder(*, cache=False, fastmath=False):
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return original(fastmath=fastmath)

    monkeypatch.setattr(numba, "njit", without_folder)
    kernel = jit.compiled()(double)
    assert asked == [True, False]
    assert kernel(2.0) == 4.0
