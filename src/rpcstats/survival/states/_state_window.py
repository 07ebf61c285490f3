"""Some times of transitions, and what sums over clusters come to at them: arrays only."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.states._occupation import Steps
from rpcstats.survival.states._scan import products_between, scan, scan_both

FloatArray = NDArray[np.float64]


class Window(NamedTuple):
    """Some times of transitions.

    Attributes
    ----------
    at : slice
        Which.
    M : ndarray of shape (w, s, s)
        Matrices I + dA.
    G : ndarray of shape (w + 1, s, s)
        Before the first of them, and after each.
    share : ndarray of shape (w, s)
        p(t-) / Y(t).
    """

    at: slice
    M: FloatArray
    G: FloatArray
    share: FloatArray

    @property
    def whole(self) -> FloatArray:
        """Product of all matrices, of shape (s, s)."""
        last = len(self.M) - 1
        return np.asarray(products_between(self.M, np.array([0]), np.array([last]))[0])


def window_of(steps: Steps, at: slice, G_before: FloatArray) -> Window:
    """Work out a window.

    Parameters
    ----------
    steps : Steps
        The estimate.
    at : slice
        Times of transitions.
    G_before : ndarray of shape (s, s)
        G before the first of them.

    Returns
    -------
    Window
        Matrices and G.
    """
    s = len(steps.p0)
    M, share = steps.matrices(at), steps.share(at)
    G = np.empty((len(M) + 1, s, s))
    G[0] = G_before
    G[1:] = scan(M, G_before, share[:, :, None] * (M - np.eye(s)))
    return Window(at, M, G, share)


def squares_over(
    window: Window, sums: FloatArray, totals: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Carry the sums of R'R, R'V and V'V forward and read off those of U'U, U = V - R G.

    Parameters
    ----------
    window : Window
        Times of transitions.
    sums : ndarray of shape (3, w, s, s)
        By how much each of the three sums changes at each.
    totals : ndarray of shape (3, s, s)
        The sums before.

    Returns
    -------
    variance : ndarray of shape (w, s)
        Sums over clusters of squared influences.
    totals : ndarray of shape (3, s, s)
        The three sums after the last.
    """
    RR, RV, VV = totals
    G, M = window.G[1:], window.M
    R = np.cumsum(sums[0], axis=0)
    R += RR
    P, V = scan(M, RV, sums[1]), scan_both(M, sums[2], VV)
    variance = np.einsum("tjj->tj", V) - 2 * np.einsum("thj,thj->tj", G, P)
    variance += np.einsum("thj,thj->tj", G, R @ G)
    return variance, np.stack([R[-1], P[-1], V[-1]])
