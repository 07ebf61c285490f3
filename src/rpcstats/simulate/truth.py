"""The true parameters a simulation draws from, each with its unit and where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal

from rpcstats.errors import ParameterError

Origin = Literal["published", "derived", "assumed"]

SOURCES: Final = (
    "self", "school", "early_help", "social_care", "health", "police", "court", "other",
)  # fmt: skip
AGE_BANDS: Final = ("under_20", "20_29", "30_39", "40_49", "50_plus")
INAPPROPRIATE: Final = (
    "domestic_abuse", "no_parental_conflict", "out_of_area", "no_consent", "other",
)  # fmt: skip
CAUSES: Final = (
    "practical", "lost_contact", "not_right_fit", "other_support", "relationship_or_safety",
)  # fmt: skip
ABSENCES: Final = ("no", "excused", "cancelled")
MEAN_DECILE: Final = 5.5


def _given(default: Any, unit: str, origin: Origin, basis: str) -> Any:
    return field(default=default, metadata={"unit": unit, "origin": origin, "basis": basis})


@dataclass(frozen=True, slots=True)
class Parameter:
    """One true parameter, as written to truth.yml.

    Attributes
    ----------
    name : str
        Name of the field of `Truth`.
    value : object
        Number, or numbers.
    unit : str
        What it is measured in.
    origin : {"published", "derived", "assumed"}
        Whether a source states it, arithmetic on one gives it, or it is assumed.
    basis : str
        Source or reason.
    """

    name: str
    value: Any
    unit: str
    origin: str
    basis: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Truth:
    """Parameters of the simulated service.

    Covariates enter as deviations from their mean in the simulated population, so that
    baseline hazards and means are those of the average parent. `parameters` lists each
    field with its unit and origin.
    """

    p_male: float = _given(44 / 123, "probability", "published", "44 men of 123 referrals")
    p_resident_female: float = _given(0.85, "probability", "derived", "gives 72% over all")
    p_resident_male: float = _given(0.49, "probability", "derived", "gives 72% over all")
    p_online: float = _given(104.5 / 123, "probability", "published", "85% of 123 referrals")
    p_send: float = _given(35 / 123, "probability", "published", "35 of 123")
    p_source: tuple[float, ...] = _given(
        (0.20, 0.20, 0.22, 0.14, 0.12, 0.03, 0.04, 0.05), "probabilities", "assumed",
        "order: " + ", ".join(SOURCES),
    )  # fmt: skip
    p_age_band: tuple[float, ...] = _given(
        (0.02, 0.25, 0.43, 0.25, 0.05), "probabilities", "assumed",
        "order: " + ", ".join(AGE_BANDS),
    )  # fmt: skip

    eta0: float = _given(0.49, "log odds", "published", "62% inappropriate before the tool")
    eta1: float = _given(-2.01, "log odds ratio", "published", "18% with the tool")
    sd_referrer: float = _given(0.5, "log odds", "assumed", "spread between referrers")
    referrals_per_referrer: float = _given(3.0, "referrals", "assumed", "mean number")
    p_inappropriate_reason: tuple[float, ...] = _given(
        (0.70, 0.12, 0.08, 0.06, 0.04), "probabilities", "assumed",
        "the source says that most were for domestic abuse; order: " + ", ".join(INAPPROPRIATE),
    )  # fmt: skip

    p_enrol: float = _given(0.76, "probability", "derived", "gives 36 completers")
    withdrawal: float = _given(0.03, "per week", "derived", "gives 36 completers")
    lead_weeks: float = _given(1.5, "weeks", "assumed", "least time from referral to start")
    online_weeks: tuple[float, ...] = _given(
        (3, 7, 11, 15, 23, 27, 31, 35), "weeks of the period", "assumed",
        "first sessions of online groups",
    )  # fmt: skip
    in_person_weeks: tuple[float, ...] = _given(
        (7, 15, 23, 29, 35), "weeks of the period", "assumed", "first sessions of in-person groups"
    )
    p_start: float = _given(68 / 81, "probability", "published", "68 starts of 81 enrolled")

    hazards: tuple[float, ...] = _given(
        (0.10, 0.07, 0.05, 0.04, 0.03), "probability of dropout after session 1, 2, ...", "assumed",
        "shape assumed; 74% stay, near the 73% of a national evaluation",
    )  # fmt: skip
    hazard_shift: float = _given(0.0, "log odds", "derived", "added to every hazard")
    beta_non_resident: float = _given(0.35, "log odds ratio", "assumed", "sign from the source")
    beta_online: float = _given(-0.30, "log odds ratio", "assumed", "sign from the source")
    beta_send: float = _given(0.25, "log odds ratio", "assumed", "size and sign")
    beta_male: float = _given(0.10, "log odds ratio", "assumed", "size and sign")
    beta_imd: float = _given(-0.06, "log odds ratio per decile", "assumed", "size and sign")
    phi: float = _given(0.0, "log odds per point", "assumed", "dropout on the unseen slope")
    psi: float = _given(0.0, "log odds per point", "assumed", "dropout on the last rating seen")
    sd_group: float = _given(0.40, "log odds", "assumed", "published ICCs 0.02 to 0.12")
    sd_facilitator: float = _given(0.25, "log odds", "assumed", "published ICCs 0.02 to 0.12")
    sd_council: float = _given(
        0.30, "log odds", "assumed", "for studies of several councils; one council has its effect"
    )
    council_effect: float = _given(0.0, "log odds", "assumed", "effect of this council")
    p_cause: tuple[float, ...] = _given(
        (0.35, 0.25, 0.20, 0.10, 0.10), "probabilities", "assumed", "order: " + ", ".join(CAUSES)
    )
    p_attend: float = _given(0.88, "probability", "assumed", "of a session after the first")
    p_absence: tuple[float, ...] = _given(
        (0.50, 0.40, 0.10), "probabilities", "assumed", "order: " + ", ".join(ABSENCES)
    )
    p_milestone: float = _given(55 / 61, "probability", "published", "55 of 61 retained")

    p_goals: tuple[float, ...] = _given(
        (0.2, 0.5, 0.3), "probabilities of 1, 2, 3 goals", "assumed", "at most three is published"
    )
    b0: float = _given(3.0, "points of 0 to 10", "assumed", "rating at the start")
    b1: float = _given(2.1, "points over the course", "derived", "gives 80% with progress")
    sd_u: float = _given(1.2, "points", "assumed", "between parents at the start")
    sd_v: float = _given(1.3, "points over the course", "assumed", "between parents' slopes")
    corr_uv: float = _given(-0.3, "correlation", "assumed", "start and slope")
    sd_w: float = _given(0.9, "points", "assumed", "between goals of a parent")
    sd_d: float = _given(0.45, "points over the course", "assumed", "between groups' slopes")
    sd_e: float = _given(1.1, "points", "assumed", "of a rating")
    gamma_non_resident: float = _given(-0.4, "points over the course", "assumed", "on the slope")
    gamma_online: float = _given(-0.2, "points over the course", "assumed", "on the slope")
    gamma_send: float = _given(-0.3, "points over the course", "assumed", "on the slope")
    rho0: float = _given(1.5, "log odds", "derived", "about 80% of completers answer")
    rho0_left: float = _given(-2.2, "log odds", "derived", "about 7% of the others answer")
    rho1: float = _given(0.25, "log odds per point", "assumed", "answering on the change")
    rho1_centre: float = _given(2.3, "points", "assumed", "change at which rho1 has no effect")

    p_m6: float = _given(
        0.326, "probability", "published", "878 of 2,694 completers answered at 6 months nationally"
    )
    p_m12: float = _given(
        0.426, "probability", "published", "374 of those 878 answered at 12 months"
    )
    fade_m6: float = _given(
        -0.2, "points since the end", "assumed",
        "level of the goals 6 months after the course, less the level at its end",
    )  # fmt: skip
    fade_m12: float = _given(-0.4, "points since the end", "assumed", "the same after 12 months")

    satisfaction_mean: float = _given(2.5, "latent points", "assumed", "unit error of an answer")
    satisfaction_slope: float = _given(
        0.3, "latent points per point", "assumed", "on the parent's own deviation of the slope"
    )
    satisfaction_cuts: tuple[float, ...] = _given(
        (-1.5, -0.7, 0.296, 2.2), "latent points", "assumed",
        "between the answers; the last but one gives 98% who agree",
    )  # fmt: skip

    sd_couple: float = _given(
        0.0, "log odds", "assumed", "what the two parents of a couple share in dropout"
    )
    corr_couple: float = _given(
        0.0, "correlation", "assumed", "of the two parents of a couple, in start and in slope"
    )
    p_visits: tuple[float, ...] = _given(
        (0.6, 0.3, 0.1), "probabilities of 1, 2, 3 visits", "assumed", "where families come again"
    )
    p_rate_again: float = _given(
        0.7, "probability", "assumed", "of a rating at a visit after the first"
    )

    def __post_init__(self) -> None:
        faults = _faults(self)
        if faults:
            raise ParameterError("these parameters can't be drawn from", faults)

    @property
    def p_resident(self) -> float:
        """Share of parents who live with the child."""
        return self.p_male * self.p_resident_male + (1 - self.p_male) * self.p_resident_female

    @property
    def is_ignorable(self) -> bool:
        """Whether dropout depends on no rating and no unseen slope."""
        return self.phi == 0.0 and self.psi == 0.0

    def shifted(self, shift: float) -> "Truth":
        """Give the same truth with another shift of the dropout hazards.

        Parameters
        ----------
        shift : float
            Log odds added to every hazard.

        Returns
        -------
        Truth
            A changed copy.
        """
        return replace(self, hazard_shift=shift)

    def parameters(self, origins: Mapping[str, Mapping[str, Any]] | None = None) -> list[Parameter]:
        """List every parameter with its unit and origin.

        Parameters
        ----------
        origins : mapping, optional
            Of a name, the `value`, `origin` and `basis` a preset gives it.

        Returns
        -------
        list of Parameter
            In the order of the fields.
        """
        given = origins or {}
        rows = []
        for entry in fields(self):
            value = getattr(self, entry.name)
            origin, basis = "assumed", "set by the caller"
            if entry.name in given and _is_same(given[entry.name]["value"], value):
                origin, basis = given[entry.name]["origin"], given[entry.name]["basis"]
            elif value == entry.default:
                origin, basis = entry.metadata["origin"], entry.metadata["basis"]
            rows.append(Parameter(entry.name, value, entry.metadata["unit"], origin, basis))
        return rows


def _is_same(one: Any, other: Any) -> bool:
    return bool((tuple(one) if isinstance(one, list) else one) == other)


def _faults(truth: Truth) -> list[str]:
    faults = []
    for entry in fields(truth):
        value = getattr(truth, entry.name)
        numbers = value if isinstance(value, tuple) else (value,)
        is_chance = entry.name.startswith("p_") or entry.name == "hazards"
        if is_chance and not all(0.0 <= number <= 1.0 for number in numbers):
            faults.append(f"`{entry.name}` must lie between 0 and 1")
        if entry.name.startswith("sd_") and value < 0.0:
            faults.append(f"`{entry.name}` must not be below 0")
        usual = entry.default
        if entry.name.startswith("p_") and isinstance(usual, tuple) and len(numbers) != len(usual):
            faults.append(f"`{entry.name}` must hold {len(usual)} probabilities")
    if not all(0.0 < hazard < 1.0 for hazard in truth.hazards):
        faults.append("`hazards` must lie between 0 and 1, both excluded: a logit is taken")
    if not -1.0 <= truth.corr_uv <= 1.0:
        faults.append("`corr_uv` must lie between -1 and 1")
    if not 0.0 <= truth.corr_couple <= 1.0:
        faults.append("`corr_couple` must lie between 0 and 1")
    if list(truth.satisfaction_cuts) != sorted(set(truth.satisfaction_cuts)):
        faults.append("`satisfaction_cuts` must rise")
    if truth.withdrawal < 0.0 or truth.referrals_per_referrer <= 0.0:
        faults.append("`withdrawal` must not be below 0, `referrals_per_referrer` above 0")
    return faults
