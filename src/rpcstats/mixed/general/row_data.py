"""What passes between the engines and the likelihoods of rows."""

from typing import NamedTuple

from rpcstats.mixed.structure.model_frame import FloatArray

Parts = tuple[FloatArray, ...]


class WeightedRows(NamedTuple):
    """What rows of most families hold.

    Attributes
    ----------
    y : ndarray
        Response; of binomial and Poisson rows times the weight.
    weight : ndarray
        Trials, or the number of equal rows a row stands for; 0 in a row that counts for nothing.
    constant : ndarray or None
        Part of the log-density free of every parameter, times the weight; None if it is added
        elsewhere.
    """

    y: FloatArray
    weight: FloatArray
    constant: FloatArray | None


class NodeTerms(NamedTuple):
    """What quadrature needs to know of rows at its nodes.

    Attributes
    ----------
    value : ndarray of shape (..., S)
        Log-densities added up along columns.
    d1 : ndarray of shape (..., m, S)
        First derivatives by η.
    parts : tuple of ndarray of shape (..., m, S)
        What the derivatives by φ are made of.
    """

    value: FloatArray
    d1: FloatArray
    parts: Parts
