"""Whether a printed p-value follows from the printed test statistic."""

import re
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.special import chdtrc, fdtrc, ndtr, stdtr

from rpcstats.published.checks._rounding import printed_range
from rpcstats.published.checks.spread import parse_figure

Agreement = Literal["agrees", "one_sided", "differs", "decision"]

_NUMBER: Final = r"[-\u2212]?\d*\.?\d+"
_REPORT: Final = re.compile(
    rf"(?P<test>t|F|r|z|chi2|chi-?squared?|\u03c7\s*(?:2|\u00b2))\s*"
    rf"(?:\(\s*(?P<df1>\d+(?:\.\d+)?)\s*(?:,\s*(?:N\s*=\s*\d+|(?P<df2>\d+(?:\.\d+)?))\s*)?\))?\s*"
    rf"=\s*(?P<value>{_NUMBER})\s*[,;]\s*"
    rf"(?:(?P<ns>n\.?\s?s\.?)|p\s*(?P<sign>[<>=])\s*(?P<p>\d*\.?\d+))",
    re.IGNORECASE,
)
_SYMMETRIC: Final = ("t", "r", "z")
_NEEDS: Final = {"t": 1, "r": 1, "chi2": 1, "F": 2, "z": 0}
"""Degrees of freedom each test is printed with."""


@dataclass(frozen=True, slots=True)
class ReportedTest:
    """A test as printed, with its p-value worked out again.

    Attributes
    ----------
    test : {"t", "F", "chi2", "z", "r"}
        The statistic.
    df : tuple of float
        Its degrees of freedom.
    value : str
        The statistic as printed.
    sign : {"=", "<", ">"}
        How p was printed; "ns" is printed as ``p > 0.05``.
    p : str
        p as printed.
    p_low, p_high : float
        Two-sided p for every statistic that prints as `value`.
    agreement : {"agrees", "one_sided", "differs", "decision"}
        Whether p is right; right for one side only; wrong; wrong and on the other side of 0.05.
    """

    test: str
    df: tuple[float, ...]
    value: str
    sign: str
    p: str
    p_low: float
    p_high: float
    agreement: Agreement


def reported_tests(text: str, *, alpha: float = 0.05) -> list[ReportedTest]:
    """Find tests in a text and work out their p-values again.

    Parameters
    ----------
    text : str
        For example "t(28) = 2.20, p = .036".
    alpha : float
        Level at which a decision is taken.

    Returns
    -------
    list of ReportedTest
        In the order of the text; a statistic without the degrees of freedom it needs is left
        out.

    Notes
    -----
    The statistic is taken at both ends of what rounds to it, as in Nuijten et al. (2016), so
    that rounding alone never makes a p-value wrong.
    """
    found = (_read(match, alpha) for match in _REPORT.finditer(text.replace("\u2212", "-")))
    return [test for test in found if test is not None]


def _read(match: re.Match[str], alpha: float) -> ReportedTest | None:
    name = match["test"].casefold()
    test = {"t": "t", "r": "r", "z": "z", "f": "F"}.get(name, "chi2")
    df = tuple(float(found) for found in (match["df1"], match["df2"]) if found)
    value = match["value"]
    if len(df) != _NEEDS[test] or not all(df) or (test == "r" and abs(float(value)) > 1.0):
        return None
    sign, p = (">", "0.05") if match["ns"] else (match["sign"], match["p"])
    low, high = _p_range(test, df, value)
    agreement = _agreement(test, sign, p, low, high, alpha)
    return ReportedTest(test, df, value, sign, p, low, high, agreement)


def _p_range(test: str, df: tuple[float, ...], value: str) -> tuple[float, float]:
    """Give the least and the greatest p over the statistics that print as this one."""
    sign = -1 if value.startswith("-") else 1
    digits, decimals = parse_figure(value.lstrip("-"))
    printed = printed_range(digits, decimals, "half_up")
    unit = 2.0 * 10.0**decimals
    ends = [sign * end / unit for end in (printed.low, printed.high)]
    if test not in _SYMMETRIC:
        ends = [max(end, 0.0) for end in ends]
    ps = [_p_value(test, df, end) for end in ends]
    if test in _SYMMETRIC and min(ends) <= 0.0 <= max(ends):
        ps.append(1.0)
    return min(ps), max(ps)


def _p_value(test: str, df: tuple[float, ...], x: float) -> float:
    if test == "z":
        return float(2.0 * ndtr(-abs(x)))
    if test == "F":
        return float(fdtrc(df[0], df[1], x))
    if test == "chi2":
        return float(chdtrc(df[0], x))
    if test == "r":
        x = min(abs(x), 1.0)
        x = np.inf if x == 1.0 else x * np.sqrt(df[0] / (1.0 - x * x))
    return float(2.0 * stdtr(df[0], -abs(x)))


def _agreement(test: str, sign: str, p: str, low: float, high: float, alpha: float) -> Agreement:
    if _fits(sign, p, low, high):
        return "agrees"
    if test in _SYMMETRIC and _fits(sign, p, low / 2.0, high / 2.0):
        return "one_sided"
    says = float(p) <= alpha if sign in "=<" else False
    unclear = (sign == "<" and float(p) > alpha) or (sign == ">" and float(p) < alpha)
    is_wrong = not unclear and (low > alpha if says else high <= alpha)
    return "decision" if is_wrong else "differs"


def _fits(sign: str, p: str, low: float, high: float) -> bool:
    if sign == "<":
        return low < float(p)
    if sign == ">":
        return high > float(p)
    _, decimals = parse_figure(p)
    half = 0.5 * 10.0**-decimals
    return low < float(p) + half and high >= float(p) - half
