"""What was done to an output before it left, without any of its numbers."""

from dataclasses import dataclass
from typing import Final

from rpcstats._vocabulary import ReleaseKind

RULE_VERSION: Final = "3"
"""Raised whenever the same input could lead to another release."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LedgerEntry:
    """Record of one disclosure check; it holds no cell of the data.

    Attributes
    ----------
    kind : str
        Kind of output.
    policy : str
        Name of the rules.
    origin : str
        Where the rules come from.
    n_cells, n_withheld, n_rounded : int
        Numbers looked at, taken out, and changed by rounding rules.
    actions : tuple of str
        What was done, one sentence each.
    rule_version : str
        Version of this package's rules.
    """

    kind: ReleaseKind
    policy: str
    origin: str
    n_cells: int
    n_withheld: int
    n_rounded: int
    actions: tuple[str, ...]
    rule_version: str = RULE_VERSION

    def to_record(self) -> dict[str, object]:
        """Give the entry as plain values for a manifest.

        Returns
        -------
        dict
            Field names and values that JSON can hold.
        """
        return {
            "kind": self.kind,
            "policy": self.policy,
            "origin": self.origin,
            "n_cells": self.n_cells,
            "n_withheld": self.n_withheld,
            "n_rounded": self.n_rounded,
            "actions": list(self.actions),
            "rule_version": self.rule_version,
        }
