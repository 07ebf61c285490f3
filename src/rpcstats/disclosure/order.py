"""Which of several released shares is higher, as far as rounding lets it be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import (
    BASE,
    BASE_LABEL,
    ESTIMATE,
    NOTE,
    STATUS,
    TOLD_HIGH,
    TOLD_LOW,
    N,
)
from rpcstats._wording import told_share
from rpcstats.disclosure.ledger import LedgerEntry
from rpcstats.disclosure.protected import RELEASED, WITHHELD
from rpcstats.disclosure.sealed import SEAL, Disclosed
from rpcstats.disclosure.shares import PERCENT_DIGITS
from rpcstats.errors import ParameterError

SPAN: Final = "span"
APART: Final = "apart"
ORDER: Final = "order"
MOST_SHARES: Final = 8

EXACT: Final = "Counts are not rounded, so these shares stand in the order printed."
RANGES: Final = "Ranges are what the rounded counts leave open"
CERTAIN: Final = f"{RANGES}; their order is certain all the same."
OPEN: Final = f"{RANGES}: which of these shares is the highest can't be told from them."
PARTLY: Final = f"{RANGES}. Over all of them {{pairs}}; the rest of their order can't be told."
PAIR: Final = "the share of {above} was higher than that of {below}"


@dataclass(frozen=True, slots=True)
class _Share:
    label: str
    base: tuple[str, float]
    n: float
    estimate: float
    least: float
    most: float

    @property
    def text(self) -> str:
        return told_share(self.estimate, self.least, self.most)

    def exceeds(self, other: "_Share") -> bool:
        """Tell whether this share is higher, whatever the rounding hides."""
        same_base = self.base == other.base and np.isfinite(self.base[1])
        return self.least > other.most or (same_base and self.n > other.n)


def order_of_shares(
    safe: Disclosed, *, where: Mapping[str, str], along: str = BASE_LABEL
) -> Disclosed:
    """Say in words how several released shares stand to each other.

    Parameters
    ----------
    safe : Disclosed
        Released shares, with the columns n, base and estimate.
    where : mapping of str to str
        Column to the value that the rows compared have in common.
    along : str
        Column that names the rows compared.

    Returns
    -------
    Disclosed
        One row of texts: span (from the least to the greatest share), apart (the largest set of
        shares whose order is certain, joined by "or"; missing if there are not two) and order
        (a sentence). All are worked out from the released frame and nothing else; withheld if a
        share is.

    Raises
    ------
    ParameterError
        If a column is missing, or not 2 to 8 rows are left.

    Notes
    -----
    A share is taken to be higher than another only if it is over all counts that fit what was
    released: if their ranges don't meet, or their bases are the same and the rounded counts
    differ.
    """
    shares, hidden = _read(safe.frame, where, along)
    told = not any(np.isnan(share.estimate) for share in shares)
    texts = _texts(shares) if told else (np.nan, np.nan, np.nan)
    row = dict(zip((SPAN, APART, ORDER), texts, strict=True))
    status = WITHHELD if hidden else RELEASED
    return Disclosed(
        _frame=pd.DataFrame([row | {STATUS: status, NOTE: ""}]),
        _glance=None,
        _rules=safe._rules,
        kind=safe.kind,
        status="withheld" if hidden else "released",
        entry=LedgerEntry(
            kind=safe.kind,
            policy=safe.policy,
            origin=safe.entry.origin,
            n_cells=0,
            n_withheld=0,
            n_rounded=0,
            actions=("Ranges and their order were worked out from what was released.",),
        ),
        seal=SEAL,
    )


def _read(frame: pd.DataFrame, where: Mapping[str, str], along: str) -> tuple[list[_Share], bool]:
    wanted = (*where, along, N, BASE, ESTIMATE, STATUS)
    missing = [name for name in wanted if name not in frame]
    if missing:
        raise ParameterError(
            "order_of_shares can't compare these rows", [f"no column '{m}'" for m in missing]
        )
    keep = np.logical_and.reduce([frame[name] == value for name, value in where.items()])
    rows = frame[np.broadcast_to(keep, len(frame))]
    if not 2 <= len(rows) <= MOST_SHARES:
        raise ParameterError(
            "order_of_shares can't compare these rows",
            [f"where= leaves {len(rows)} rows: choose 2 to {MOST_SHARES}"],
        )
    exact = rows[ESTIMATE].astype(float).round(PERCENT_DIGITS)
    ends = [rows[name].astype(float) if name in rows else exact for name in (TOLD_LOW, TOLD_HIGH)]
    bases = rows[BASE_LABEL].astype(str) if BASE_LABEL in rows else rows[along].astype(str)
    shares = [
        _Share(str(label), (base, float(m)), float(n), float(p), float(least), float(most))
        for label, base, m, n, p, least, most in zip(
            rows[along], bases, rows[BASE], rows[N], rows[ESTIMATE], *ends, strict=True
        )
    ]
    return shares, bool((rows[STATUS] == WITHHELD).any())


def _texts(shares: Sequence[_Share]) -> tuple[str, str | float, str]:
    span = told_share(shares[0].estimate, min(s.least for s in shares), max(s.most for s in shares))
    chain = _longest_chain(shares)
    words = [share.text for share in chain]
    apart = f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else np.nan
    return span, apart, _sentence(shares)


def _longest_chain(shares: Sequence[_Share]) -> Sequence[_Share]:
    """Give the most shares whose order is certain; of equally many, those farthest apart."""
    for size in range(len(shares), 1, -1):
        chains = [
            chain
            for chain in combinations(shares, size)
            if all(a.exceeds(b) or b.exceeds(a) for a, b in combinations(chain, 2))
        ]
        if chains:
            return max(chains, key=_reach)
    return ()


def _reach(chain: Sequence[_Share]) -> float:
    return max(s.least for s in chain) - min(s.most for s in chain)


def _sentence(shares: Sequence[_Share]) -> str:
    if all(share.least == share.most for share in shares):
        return EXACT
    pairs = [
        PAIR.format(above=above.label, below=below.label)
        for a, b in combinations(shares, 2)
        for above, below in ((a, b), (b, a))
        if above.exceeds(below)
    ]
    if not pairs:
        return OPEN
    if len(pairs) == len(shares) * (len(shares) - 1) // 2:
        return CERTAIN
    return PARTLY.format(pairs=", and ".join(pairs))
