"""Recurrences x(t) = x(t-1) M(t) + b(t) over many small matrices: arrays in, arrays out.

Steps are laid out in about sqrt(m) blocks that advance side by side, so that a million steps
take some thousand calls.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_FEW_STEPS = 64

_MANY_STEPS = 1 << 16
"""More steps are taken one portion after the other, so that copies of them stay small."""

_BLOCK = 1 << 13
"""Steps, a power of 2, whose products of all widths stay in the cache."""


def scan(M: FloatArray, x0: FloatArray, b: FloatArray | None = None) -> FloatArray:
    """Run x(t) = x(t-1) M(t) + b(t).

    Parameters
    ----------
    M : ndarray of shape (m, s, s)
        One matrix a step.
    x0 : ndarray of shape (r, s)
        Rows before the first step.
    b : ndarray of shape (m, r, s), optional
        What each step adds; nothing if not given.

    Returns
    -------
    ndarray of shape (m, r, s)
        Rows after each step.
    """
    return _blocked(M, x0, b, _onward)


def scan_both(M: FloatArray, b: FloatArray, x0: FloatArray) -> FloatArray:
    """Run X(t) = M(t)' X(t-1) M(t) + b(t), as covariances move.

    Parameters
    ----------
    M, b : ndarray of shape (m, s, s)
        One matrix and what is added, a step.
    x0 : ndarray of shape (s, s)
        Matrix before the first step.

    Returns
    -------
    ndarray of shape (m, s, s)
        Matrices after each step.
    """
    return _blocked(M, x0, b, _around)


def scan_back(M: FloatArray, b: FloatArray) -> FloatArray:
    """Run x(t) = b(t) + M(t + 1) x(t + 1) from the last step back.

    Parameters
    ----------
    M : ndarray of shape (m, s, s)
        One matrix a step; the first is not used.
    b : ndarray of shape (m, s, r)
        What each step adds.

    Returns
    -------
    ndarray of shape (m, s, r)
        Columns before each step; the last is b(m).
    """
    turned = b[::-1].transpose(0, 2, 1)
    steps = M[:0:-1].transpose(0, 2, 1)
    x = np.empty_like(turned)
    x[0] = turned[0]
    x[1:] = scan(steps, turned[0], turned[1:])
    return x[::-1].transpose(0, 2, 1)


def products_between(M: FloatArray, first: IntArray, last: IntArray) -> FloatArray:
    """Multiply the matrices of many stretches of steps.

    Parameters
    ----------
    M : ndarray of shape (m, s, s)
        One matrix a step.
    first, last : ndarray of shape (q,), int
        M(first) M(first + 1) ... M(last) is wanted; the identity where last < first.

    Returns
    -------
    ndarray of shape (q, s, s)
        The products.

    Notes
    -----
    Within a block of steps, parts double in width; a stretch is read off at the width where its
    two ends first lie in neighbouring halves, as the product to the middle times the product from
    the middle. A stretch over several blocks is the end of one, the whole ones between, and the
    beginning of another. No inverse is needed: a state that everybody leaves makes M singular.
    """
    m, s = len(M), M.shape[1]
    found = np.broadcast_to(np.eye(s), (len(first), s, s)).copy()
    one = first == last
    found[one] = M[first[one]]
    places = np.flatnonzero(first < last)
    if len(places) == 0:
        return found
    width = min(_BLOCK, 1 << (m - 1).bit_length())
    begins, ends = first[places] // width, last[places] // width
    crosses = begins < ends
    within, across = places[~crosses], places[crosses]
    stretches = _Stretches(within, begins[~crosses]), _Stretches(across, begins[crosses])
    endings = _Stretches(np.arange(len(across)), ends[crosses])
    whole, tails = np.empty((-(-m // width), s, s)), np.empty((len(across), s, s))
    for block in range(len(whole)):
        at = block * width
        inside, out = stretches[0].of(block), stretches[1].of(block)
        part = M[at : at + width]
        ahead, behind = _within(part, width, found, inside, first[inside] - at, last[inside] - at)
        whole[block] = ahead[-1]
        found[out] = behind[first[out] - at]
        into = endings.of(block)
        tails[into] = ahead[last[across[into]] - at]
    between = _between_blocks(whole)[begins[crosses], ends[crosses]]
    found[across] = found[across] @ between @ tails
    return found


class _Stretches:
    """Places of stretches by block."""

    def __init__(self, places: IntArray, block: IntArray) -> None:
        order = np.argsort(block, kind="stable")
        self._places, self._block = places[order], block[order]

    def of(self, block: int) -> IntArray:
        """Give those of one block."""
        a, b = np.searchsorted(self._block, [block, block + 1])
        return self._places[a:b]


def _within(
    M: FloatArray,
    width: int,
    found: FloatArray,
    inside: IntArray,
    first: IntArray,
    last: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """Read off the stretches inside a block; give products from its begin and to its end."""
    s = M.shape[1]
    ahead = np.broadcast_to(np.eye(s), (width, s, s)).copy()
    ahead[: len(M)] = M
    behind = ahead.copy()
    level = np.frexp((first ^ last).astype(np.float64))[1] - 1
    for step in range(width.bit_length() - 1):
        at = level == step
        found[inside[at]] = behind[first[at]] @ ahead[last[at]]
        _widen(ahead, behind, 1 << step)
    return ahead, behind


def _between_blocks(whole: FloatArray) -> FloatArray:
    """Multiply the blocks after i and before j, for each i < j; shape (b, b, s, s)."""
    n_block, s = len(whole), whole.shape[1]
    between = np.broadcast_to(np.eye(s), (n_block, n_block, s, s)).copy()
    for j in range(1, n_block - 1):
        between[:j, j + 1] = between[:j, j] @ whole[j]
    return between


def _widen(ahead: FloatArray, behind: FloatArray, width: int) -> None:
    """From products within blocks of `width` to those within blocks of twice that."""
    s = ahead.shape[1]
    forward = ahead.reshape(-1, 2, width, s, s)
    backward = behind.reshape(-1, 2, width, s, s)
    whole, following = forward[:, 0, -1:].copy(), backward[:, 1, :1].copy()
    forward[:, 1] = whole @ forward[:, 1]
    backward[:, 0] = backward[:, 0] @ following


Apply = Callable[[FloatArray, FloatArray], FloatArray]


def _onward(x: FloatArray, A: FloatArray) -> FloatArray:
    return x @ A


def _around(x: FloatArray, A: FloatArray) -> FloatArray:
    return A.swapaxes(-1, -2) @ x @ A


def _blocked(M: FloatArray, x0: FloatArray, b: FloatArray | None, apply: Apply) -> FloatArray:
    m, s = len(M), M.shape[1]
    if m <= _FEW_STEPS:
        return _step_by_step(M, x0, b, apply)
    if m > _MANY_STEPS:
        found, x = np.empty((m, *x0.shape)), x0
        for a in range(0, m, _MANY_STEPS):
            at = slice(a, a + _MANY_STEPS)
            found[at] = _blocked(M[at], x, None if b is None else b[at], apply)
            x = found[min(a + _MANY_STEPS, m) - 1]
        return found
    width = int(np.sqrt(m)) + 1
    n_block = -(-m // width)
    whole = np.broadcast_to(np.eye(s), (n_block * width, s, s)).copy()
    whole[:m] = M
    product = whole.reshape(n_block, width, s, s)
    local = np.zeros((n_block, width, *x0.shape))
    if b is not None:
        local.reshape(n_block * width, *x0.shape)[:m] = b
    for step in range(1, width):
        if b is not None:
            local[:, step] += apply(local[:, step - 1], product[:, step])
        product[:, step] = product[:, step - 1] @ product[:, step]
    carried = np.empty((n_block, 1, *x0.shape))
    x = x0
    for block in range(n_block):
        carried[block, 0] = x
        x = apply(x, product[block, -1]) + local[block, -1]
    local += apply(carried, product)
    return local.reshape(n_block * width, *x0.shape)[:m]


def _step_by_step(M: FloatArray, x0: FloatArray, b: FloatArray | None, apply: Apply) -> FloatArray:
    found = np.empty((len(M), *x0.shape))
    x = x0
    for step in range(len(M)):
        x = apply(x, M[step])
        if b is not None:
            x = x + b[step]
        found[step] = x
    return found
