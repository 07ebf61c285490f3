"""What is assumed of parents who left, and of those who stayed and did not answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from rpcstats._numerics.arguments import as_number
from rpcstats.errors import ParameterError

Leavers = Literal[
    "frozen", "missing_at_random", "last_mean", "copy_increments", "jump_to_reference"
]

WORDS: Final[dict[str, str]] = {
    "frozen": "Those who left are taken to have kept the level they had when they left",
    "missing_at_random": "Those who left are taken to have gone on as like parents who stayed",
    "last_mean": "Those who left are taken to keep the mean of like parents at that stage, and to"
    " differ from it as they would have at the end",
    "copy_increments": "Those who left are taken to have changed, from then on, as the reference",
    "jump_to_reference": "Those who left are taken to end about the mean of the reference",
}
"""What each assumption about those who left says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """How the end of parents without a rating of it departs from missing at random.

    Attributes
    ----------
    leavers : str
        What those who left are given, with r the share of the course they have had, x their
        covariates, and the residual everything else (parent, goals, group):

        - ``"frozen"``: their own latent level at r. The last mean carried forward, of the parent
          rather than of like parents.
        - ``"missing_at_random"``: their own latent level at the end.
        - ``"last_mean"``: mean of parents like them at r, residual of the end.
        - ``"copy_increments"``: mean of parents like them at r, plus what the reference gains
          from r to the end, residual of the end.
        - ``"jump_to_reference"``: mean of the reference at the end, residual of the end.
    delta_leavers, delta_unanswered : float
        Points of improvement added to the end of those who left, and of those who stayed and
        did not answer; negative if they are thought to do worse.
    per_share : bool
        Whether `delta_leavers` is for a whole course, so that a parent gets it times the share
        not had.
    reference : mapping of str to str, optional
        Levels of covariates that make the reference, such as ``{"mode": "in_person"}``; the
        others stay the parent's own. By default the reference is no further change: parents
        like them as they were at the start.

    Raises
    ------
    ParameterError
        If an option is unknown or a number is none.

    Notes
    -----
    Reference-based imputation is Carpenter, Roger and Kenward's (2013), whose reference is the
    control arm of a trial. A course without one has the two references above. Cro, Morris,
    Kenward and Carpenter (2020) review these assumptions and delta adjustment. Ratings drawn
    are printed after a delta is added, so near an end of the scale it moves them by less.
    """

    leavers: Leavers = "frozen"
    delta_leavers: float = 0.0
    delta_unanswered: float = 0.0
    per_share: bool = False
    reference: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        faults = []
        if self.leavers not in WORDS:
            faults.append(f"leavers is unknown: choose {', '.join(WORDS)}")
        for name in ("delta_leavers", "delta_unanswered"):
            if not np.isfinite(as_number(getattr(self, name))):
                faults.append(f"{name} is no number: give points, such as -0.5")
        if self.per_share not in (True, False):
            faults.append("per_share is True or False")
        faults += _reference_faults(self.reference, self.leavers)
        if faults:
            raise ParameterError("Departure can't be read", faults)

    @property
    def words(self) -> str:
        """What is assumed, in words, without a full stop."""
        text = WORDS[self.leavers]
        if self.leavers in ("copy_increments", "jump_to_reference"):
            named = ", ".join(f"{name}={level}" for name, level in self.reference.items())
            text += f" ({named or 'no change since the start'})"
        if self.delta_leavers:
            share = " for a whole course not had" if self.per_share else ""
            text += f", and {_signed(self.delta_leavers)}{share}"
        text += ". Those who stayed and did not answer are taken to be like those who did"
        if self.delta_unanswered:
            text += f", and {_signed(self.delta_unanswered)}"
        return text


def _signed(delta: float) -> str:
    return f"{abs(delta):.3g} points {'better' if delta > 0 else 'worse'}"


def _reference_faults(reference: object, leavers: str) -> list[str]:
    if not isinstance(reference, Mapping):
        return ['reference is no mapping: give levels by column, as {"mode": "in_person"}']
    if reference and leavers not in ("copy_increments", "jump_to_reference"):
        return [f"reference has no use with leavers={leavers!r}"]
    return []
