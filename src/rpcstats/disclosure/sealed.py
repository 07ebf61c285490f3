"""What has passed disclosure control, under a seal that only `disclose` holds."""

from dataclasses import InitVar, dataclass
from typing import Final, Literal, TypeGuard

import pandas as pd

from rpcstats._vocabulary import ReleaseKind
from rpcstats.disclosure.ledger import LedgerEntry
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.errors import DisclosureError

Status = Literal["released", "partly", "withheld"]

SEAL: Final = object()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Disclosed:
    """An output that has passed disclosure control; only `disclose` makes one.

    Attributes
    ----------
    frame : DataFrame
        The protected frame, a fresh copy each time; a withheld number is NaN and its row
        has status "withheld" and a note.
    glance : DataFrame or None
        The protected summary, if the result has one that may be shown.
    kind : str
        Kind of output.
    status : {"released", "partly", "withheld"}
        Whether all rows, some or none could be released in full.
    actions : tuple of str
        What was done, one sentence each.
    policy : str
        Name of the rules.
    watermark : str or None
        Words that have to be printed over it.
    entry : LedgerEntry
        Its record for the ledger.
    """

    _frame: pd.DataFrame
    _glance: pd.DataFrame | None
    _rules: DisclosurePolicy
    kind: ReleaseKind
    status: Status
    entry: LedgerEntry
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not SEAL:
            raise DisclosureError(
                "A Disclosed can't be made by hand: call disclose(result, policy)."
            )

    @property
    def frame(self) -> pd.DataFrame:
        """The protected frame, a fresh copy."""
        return self._frame.copy()

    @property
    def glance(self) -> pd.DataFrame | None:
        """The protected summary, a fresh copy, or None."""
        return None if self._glance is None else self._glance.copy()

    @property
    def actions(self) -> tuple[str, ...]:
        """What was done, one sentence each."""
        return self.entry.actions

    @property
    def policy(self) -> str:
        """Name of the rules."""
        return self._rules.name

    @property
    def watermark(self) -> str | None:
        """Words that have to be printed over it."""
        return self._rules.watermark

    def follows(self, rules: DisclosurePolicy) -> bool:
        """Tell whether it was disclosed by these very rules.

        Parameters
        ----------
        rules : DisclosurePolicy
            Rules to compare with.

        Returns
        -------
        bool
            True if no rule differs.
        """
        return self._rules.same_rules(rules)

    def _repr_html_(self) -> str:
        html: str = self._frame.to_html(index=False, na_rep="withheld")
        return html


def is_disclosed(obj: object) -> TypeGuard[Disclosed]:
    """Tell whether something has passed disclosure control.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    bool
        True for what `disclose` returned.
    """
    return type(obj) is Disclosed
