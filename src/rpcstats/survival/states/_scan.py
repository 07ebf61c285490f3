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
    Blocks double in width; a stretch is read off at the width where its two ends first lie in
    neighbouring halves, as the product to the middle times the product from the middle. So q
    stretches of m steps cost O(m log m + q), with no inverse: a state that everybody leaves
    makes M singular.
    """
    m, s = len(M), M.shape[1]
    found = np.broadcast_to(np.eye(s), (len(first), s, s)).copy()
    one = first == last
    found[one] = M[first[one]]
    places = np.flatnonzero(first < last)
    if len(places) == 0:
        return found
    level = np.frexp((first[places] ^ last[places]).astype(np.float64))[1] - 1
    size = 1 << int(level.max() + 1)
    ahead = np.broadcast_to(np.eye(s), (-(-m // size) * size, s, s)).copy()
    ahead[:m] = M
    behind = ahead.copy()
    for step in range(int(level.max()) + 1):
        at = places[level == step]
        found[at] = behind[first[at]] @ ahead[last[at]]
        _widen(ahead, behind, 1 << step)
    return found


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
    width = int(np.sqrt(m)) + 1
    n_block = -(-m // width)
    whole = np.broadcast_to(np.eye(s), (n_block * width, s, s)).copy()
    whole[:m] = M
    product = whole.reshape(n_block, width, s, s)
    local = np.zeros((n_block, width, *x0.shape))
    if b is not None:
        local.reshape(-1, *x0.shape)[:m] = b
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
    return local.reshape(-1, *x0.shape)[:m]


def _step_by_step(M: FloatArray, x0: FloatArray, b: FloatArray | None, apply: Apply) -> FloatArray:
    found = np.empty((len(M), *x0.shape))
    x = x0
    for step in range(len(M)):
        x = apply(x, M[step])
        if b is not None:
            x = x + b[step]
        found[step] = x
    return found
