"""What may leave a council: the rules of disclosure control as one frozen object."""

import difflib
from dataclasses import astuple, dataclass
from typing import Final, Literal

import numpy as np

from rpcstats.disclosure._rounding import possible_counts, round_counts
from rpcstats.errors import ParameterError

Rounding = Literal["nearest", "midpoint", "none"]

SMALLEST_THRESHOLD: Final = 3
"""Under 3, a member of a group of two could subtract themselves and see the other."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DisclosurePolicy:
    """Rules that every released number has to follow.

    Attributes
    ----------
    name : str
        Name shown in the ledger.
    threshold : int
        Smallest count that may be shown; 1 to `threshold - 1` are withheld.
    round_to : int
        Width of the rounding classes of every count, at least `survival_threshold`: then the
        difference of any two rounded counts never tells a group of 1 to
        `survival_threshold - 1` from its neighbours.
    rounding : {"nearest", "midpoint", "none"}
        How every count is rounded, be it in a table, a curve or a test: two roundings of one
        number would narrow it. "midpoint" stands for the middle of 1 to 6, 7 to 12, and so on.
    percent_base : int
        Smallest base on which a percentage may be shown.
    zeros_disclosive : bool
        Whether none, and all of a base, are withheld as well (class disclosure).
    survival_threshold : int
        Smallest group of leavers that two numbers at risk of a curve may tell.
    residual_df : int
        Fewest observations beyond the groups compared by a test.
    watermark : str or None
        Words printed over everything that must not leave.
    origin : str
        Where the rules come from.

    Raises
    ------
    ParameterError
        If the rules protect nothing and carry no watermark, or if the name of a preset
        is given to other rules.
    """

    name: str
    threshold: int
    round_to: int
    rounding: Rounding
    percent_base: int
    zeros_disclosive: bool
    survival_threshold: int
    residual_df: int = 0
    watermark: str | None = None
    origin: str = "set by the caller"

    def __post_init__(self) -> None:
        faults = _faults(self)
        if faults:
            raise ParameterError(f"Disclosure policy '{self.name}' can't be used", faults)

    @property
    def protects(self) -> bool:
        """Whether numbers are changed at all; if not, everything carries a watermark."""
        return self.watermark is None

    @property
    def fewest_at_risk(self) -> int:
        """Smallest number at risk that a curve may show.

        All that round to the same number reach both thresholds; otherwise a shown number near a
        threshold, or one that is shown here and withheld in a table, would stand for one or
        two counts only.

        Returns
        -------
        int
            Rows at risk, at least `fewest_events`.
        """
        counts = range(self.fewest_events, self.fewest_events + 2 * self.round_to)
        rounded = round_counts(list(counts), self.round_to, self.rounding)
        low, _ = possible_counts(rounded, self.round_to, self.rounding)
        return counts[int(np.argmax(low >= self.fewest_events))]

    @property
    def fewest_events(self) -> int:
        """Smallest number of events, or of people without one, that may stand behind a number.

        A step of a curve holds as many: fewer would be withheld in a table beside it.

        Returns
        -------
        int
            Events or people.
        """
        return max(self.threshold, self.survival_threshold)

    @property
    def rounded_how(self) -> str:
        """How every count is rounded, in words that follow "rounded to"."""
        form = "the nearest" if self.rounding == "nearest" else "the middle of classes of"
        return f"{form} {self.round_to}"

    def same_rules(self, other: "DisclosurePolicy") -> bool:
        """Tell whether two policies agree in every rule.

        Parameters
        ----------
        other : DisclosurePolicy
            The policy to compare with.

        Returns
        -------
        bool
            True if nothing differs.
        """
        return astuple(self) == astuple(other)


def _faults(policy: DisclosurePolicy) -> list[str]:
    preset = _PRESETS.get(policy.name)
    if preset is not None and not preset.same_rules(policy):
        return ["the name belongs to a preset: give your own rules a name of their own"]
    if policy.watermark is not None:
        blank = not policy.watermark.strip()
        return ["rules that protect nothing need words for the watermark"] if blank else []
    faults = []
    if min(policy.threshold, policy.survival_threshold) < SMALLEST_THRESHOLD:
        faults.append(f"set both thresholds to {SMALLEST_THRESHOLD} or more, or use 'internal'")
    if policy.rounding == "none":
        faults.append("counts have to be rounded, to the nearest or by midpoint")
    if policy.round_to < max(policy.survival_threshold, SMALLEST_THRESHOLD):
        faults.append(f"set round_to to survival_threshold, and {SMALLEST_THRESHOLD}, or more")
    return faults


def disclosure_policy(name: str) -> DisclosurePolicy:
    """Look up a preset of disclosure rules.

    Parameters
    ----------
    name : {"council", "tre", "opensafely", "internal"}
        The preset.

    Returns
    -------
    DisclosurePolicy
        Its rules; `origin` says where they come from.

    Raises
    ------
    ParameterError
        If there is no such preset.

    Notes
    -----
    Each rounds a count the same way wherever it stands, so that no two outputs of one paper
    narrow it.
    ``council``: 1 to 4 withheld, rounded to 5, percentages on 10 or more, curves in steps of 5
    events; common practice of English councils and of the Department for Education's
    local authority tables.
    ``tre``: threshold 10, none and all withheld, curves in steps of 10 events, tests with 10
    residual degrees of freedom; the defaults of ACRO 1.0 (SACRO project), but for counts
    rounded to 10: curves in steps of 10 events need that, and ACRO's 5 beside it would
    undo it.
    ``opensafely``: 0 to 7 withheld alike, then midpoint rounding by 6, which OpenSAFELY's output
    rules offer in place of rounding to 5 and its kaplan-meier-function uses (it calls its own
    disclosure control experimental); curves in steps of 8 events, which tell no group of
    leavers under 6.
    ``internal``: nothing changed, everything stamped "NOT FOR RELEASE".
    """
    if name not in _PRESETS:
        near = difflib.get_close_matches(name, _PRESETS, n=1)
        hint = [f"did you mean '{near[0]}'?"] if near else []
        raise ParameterError(
            f"No disclosure policy is called '{name}'",
            [*hint, f"choose one of {', '.join(sorted(_PRESETS))}"],
        )
    return _PRESETS[name]


_PRESETS: dict[str, DisclosurePolicy] = {}
_PRESETS.update(
    council=DisclosurePolicy(
        name="council",
        threshold=5,
        round_to=5,
        rounding="nearest",
        percent_base=10,
        zeros_disclosive=False,
        survival_threshold=5,
        origin="common practice of English councils; DfE local authority tables",
    ),
    tre=DisclosurePolicy(
        name="tre",
        threshold=10,
        round_to=10,
        rounding="nearest",
        percent_base=10,
        zeros_disclosive=True,
        survival_threshold=10,
        residual_df=10,
        origin="ACRO 1.0 defaults (SACRO project); all counts rounded to 10 rather than 5",
    ),
    opensafely=DisclosurePolicy(
        name="opensafely",
        threshold=8,
        round_to=6,
        rounding="midpoint",
        percent_base=10,
        zeros_disclosive=True,
        survival_threshold=6,
        origin="OpenSAFELY: 7 and under redacted, midpoint rounding by 6; kaplan-meier-function",
    ),
    internal=DisclosurePolicy(
        name="internal",
        threshold=0,
        round_to=1,
        rounding="none",
        percent_base=0,
        zeros_disclosive=False,
        survival_threshold=0,
        watermark="NOT FOR RELEASE",
        origin="no rule: for the people who may see the records",
    ),
)
