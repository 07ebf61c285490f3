"""Synthetic extracts with known truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import pandas as pd

from rpcstats.data.council_file import CouncilFile
from rpcstats.data.extract import Extract
from rpcstats.data.registries import council, programme
from rpcstats.data.tables import TABLES
from rpcstats.errors import ParameterError
from rpcstats.simulate.cohort import Plan, draw_cohort
from rpcstats.simulate.columns import Columns, Place
from rpcstats.simulate.counts import check_printed, count_margins
from rpcstats.simulate.delivery_tables import group_columns, practitioner_columns
from rpcstats.simulate.form_tables import followup_columns, satisfaction_columns, stacked
from rpcstats.simulate.frames import typed_frame
from rpcstats.simulate.identifiers import Register, take_identifiers
from rpcstats.simulate.placement import Calendar
from rpcstats.simulate.presets import Preset, Satisfaction, preset
from rpcstats.simulate.score_tables import score_columns
from rpcstats.simulate.tables import episode_columns, referral_columns, session_columns
from rpcstats.simulate.truth import Truth
from rpcstats.simulate.visits import draw_visits

Mode = Literal["exact", "expectation"]
NOTE: Final = "Synthetic data: no row is a real person."
_NO_FILES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """A synthetic extract, with the truth it was drawn from.

    Attributes
    ----------
    preset : Preset
        The published service it copies.
    truth : Truth
        True parameters.
    mode : {"exact", "expectation"}
        Margins as published, or plain draws.
    seed : int
        Seed.
    extract : Extract
        What `read_extract` would give, for estimators.
    """

    preset: Preset
    truth: Truth
    mode: Mode
    seed: int
    extract: Extract

    @property
    def margins(self) -> Mapping[str, Mapping[str, int]]:
        """Counts of each programme, from the tables."""
        return count_margins(self.tables)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Copies of the tables, by name."""
        return {name: self.extract.table(name) for name in self.extract.n_rows}


def simulate_extract(
    preset_or_key: str | Preset, *, seed: int | None = None, mode: Mode = "exact",
    n: int | None = None, truth: Truth | None = None, bases: Mapping[str, str] | None = None,
) -> Simulation:  # fmt: skip
    """Draw a synthetic extract from known true parameters.

    Parameters
    ----------
    preset_or_key : str or Preset
        A preset, or its key as `list_presets` gives it.
    seed : int, optional
        Seed; by default the preset's own.
    mode : {"exact", "expectation"}, default "exact"
        Margins equal to the published figures, or plain draws from the truth.
    n : int, optional
        Referrals (families, where they come for visits) over all programmes in the mode
        ``"expectation"``; groups and workers are as many more. By default as many as published.
    truth : Truth, optional
        True parameters in place of the preset's.
    bases : mapping of str to str, optional
        Of a printed figure, the base it should be drawn with in the mode ``"exact"``.

    Returns
    -------
    Simulation
        Tables, truth and margins.

    Raises
    ------
    ParameterError
        If an option is unknown, or a printed percentage is impossible with its base.

    Notes
    -----
    In the mode ``"exact"`` each binary stage is drawn given its total by conditional
    Bernoulli sampling (Chen and Liu 1997), so that odds ratios keep their meaning.
    """
    entry = preset(preset_or_key) if isinstance(preset_or_key, str) else preset_or_key
    used = truth or entry.truth
    _check_options(entry, used, mode, n)
    if mode == "exact":
        check_printed(entry, bases)
    sown = entry.seed if seed is None else seed
    rng = np.random.default_rng(sown)
    tables = _draw_tables(rng, entry, used, mode, n)
    known = MappingProxyType({key: programme(key) for key in entry.margins})
    extract = Extract(_council_file(entry, mode, sown), _NO_FILES, known, MappingProxyType(tables))
    return Simulation(entry, used, mode, sown, extract)


def _check_options(entry: Preset, truth: Truth, mode: str, n: int | None) -> None:
    faults = []
    if mode not in ("exact", "expectation"):
        faults.append("mode must be 'exact' or 'expectation'")
    if n is not None and mode == "exact":
        faults.append("n is for mode='expectation'; in mode='exact' the published counts hold")
    if n is not None and n < len(entry.margins):
        faults.append(f"n must be at least {len(entry.margins)}")
    if len(truth.hazards) != len(entry.truth.hazards):
        faults.append(f"truth must have {len(entry.truth.hazards)} hazards for this course")
    if faults:
        raise ParameterError("the extract can't be simulated", faults)


def _draw_tables(
    rng: np.random.Generator, entry: Preset, truth: Truth, mode: Mode, n: int | None
) -> dict[str, pd.DataFrame]:
    register = Register(rng)
    area_id = str(register.take("a", 1)[0])
    last_day = (entry.data_cut - entry.period_start).days
    has_milestone = any("milestone" in margins for margins in entry.margins.values())
    place = Place(area_id, entry.period_start, last_day, entry.tool_used, has_milestone)
    blocks: dict[str, list[Columns]] = {}
    sizes = _sizes(entry, n)
    for key, margins in entry.margins.items():
        plan = plan_of(entry, truth, key, sizes[key])
        targets = margins if mode == "exact" else None
        drawn = _draw_programme(rng, plan, targets, place, register, entry.satisfaction)
        for table, columns in drawn.items():
            blocks.setdefault(table, []).append(columns)
    known = council(entry.council)
    area = {
        "area_id": [area_id],
        "area_name": [known.name],
        "level": ["council"],
        "gss_code": [known.gss_code_on(entry.data_cut)],
    }
    blocks["areas"] = [area]
    programmes = tuple(entry.margins)
    return {
        table: typed_frame(table, blocks[table], programmes) for table in TABLES if table in blocks
    }


def _draw_programme(
    rng: np.random.Generator, plan: Plan, targets: Mapping[str, int] | None, place: Place,
    register: Register, satisfaction: Satisfaction | None,
) -> dict[str, Columns]:  # fmt: skip
    is_visits = plan.pathway == "visits"
    cohort = draw_visits(rng, plan) if is_visits else draw_cohort(rng, plan, targets)
    course = plan.programme
    ids = take_identifiers(register, cohort, plan.calendar.n_practitioners)
    episodes, ended_day = episode_columns(rng, cohort, ids, course, place)
    columns = {
        "referrals": referral_columns(cohort, ids, course.key, place),
        "episodes": episodes,
        "sessions": session_columns(rng, plan.truth, cohort, ids, course, place),
        "groups": group_columns(cohort, ids, course, place),
        "practitioners": practitioner_columns(rng, cohort, ids, course, place),
    }
    forms = []
    if plan.rates_goals:
        forms.append(score_columns(cohort, ended_day, ids, course, place))
        forms.append(followup_columns(rng, plan.truth, cohort, ended_day, ids, place))
    if satisfaction is not None:
        days = (ended_day, ids, place)
        forms.append(
            satisfaction_columns(rng, plan.truth, cohort, satisfaction, targets or {}, days)
        )
    return columns | ({"scores": stacked(forms)} if forms else {})


def plan_of(entry: Preset, truth: Truth, key: str, n: int) -> Plan:
    """Plan the draw of one programme of a preset.

    Parameters
    ----------
    entry : Preset
        The preset.
    truth : Truth
        True parameters.
    key : str
        Programme.
    n : int
        Referrals, or families that visit; groups and workers are as many more as these are
        than published.

    Returns
    -------
    Plan
        What `draw_cohort` takes, for studies of many draws.
    """
    scale = n / _size(entry.margins[key])
    course = programme(key)
    runs = entry.margins[key].get("groups", 1)
    calendar = Calendar(
        last_day=(entry.data_cut - entry.period_start).days,
        sessions=course.sessions,
        interval_days=course.interval_days,
        capacity=course.capacity,
        n_practitioners=max(1, round(scale * entry.practitioners[key])),
        n_groups=max(1, round(scale * runs)),
    )
    return Plan(truth, course, entry.pathway, n, calendar, entry.goals, entry.couples)


def _sizes(entry: Preset, n: int | None) -> dict[str, int]:
    """Share the referrals among programmes as published."""
    published = np.array([_size(margins) for margins in entry.margins.values()])
    total = int(published.sum()) if n is None else n
    bounds = np.floor(total * np.cumsum(published) / published.sum() + 0.5).astype(np.int64)
    sizes = np.diff(bounds, prepend=0).tolist()
    return dict(zip(entry.margins, sizes, strict=True))


def _size(margins: Mapping[str, int]) -> int:
    return margins["families"] if "families" in margins else margins["referred"]


def _council_file(entry: Preset, mode: Mode, seed: int) -> CouncilFile:
    known = council(entry.council)
    source: dict[str, object] = {"preset": entry.key, "mode": mode, "seed": seed}
    cut: date = entry.data_cut
    return CouncilFile(
        slug=entry.council,
        name=known.name,
        gss_code=known.gss_code_on(cut),
        programmes=tuple(entry.margins),
        period_start=entry.period_start,
        period_end=entry.period_end,
        data_cut=cut,
        first_stage="referred" if entry.pathway == "queue" else "enrolled",
        synthetic=NOTE,
        synthetic_source=MappingProxyType(source),
    )
