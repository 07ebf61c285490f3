"""The one door out: a result goes in, and leaves sealed or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, get_args, runtime_checkable

import pandas as pd

from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    CURVE,
    DEFINITION,
    ESTIMATE,
    FLOW,
    N_CENSOR,
    N_EVENT,
    NOTE,
    PROPORTION,
    STATE,
    STATUS,
    STD_ERROR,
    STRATA,
    TIME,
    ReleaseKind,
)
from rpcstats.disclosure.beside import CurveBeside, curves_beside
from rpcstats.disclosure.clustering import events_behind, released_design_effect
from rpcstats.disclosure.counts import protect_flow, protect_proportions
from rpcstats.disclosure.curves import protect_curve
from rpcstats.disclosure.departures import protect_model_estimates
from rpcstats.disclosure.effects import protect_effects
from rpcstats.disclosure.glances import with_p_values
from rpcstats.disclosure.incidence import protect_incidence
from rpcstats.disclosure.ledger import LedgerEntry
from rpcstats.disclosure.means import means_of_protected
from rpcstats.disclosure.policy import DisclosurePolicy, disclosure_policy
from rpcstats.disclosure.protected import (
    RELEASED,
    WITHHELD,
    Protected,
    refuse_person_columns,
    refuse_person_groups,
    unchanged,
)
from rpcstats.disclosure.sealed import SEAL, Disclosed, Status
from rpcstats.disclosure.summaries import pass_published, protect_mean, protect_test
from rpcstats.errors import DisclosureError

FLOW_COLUMNS: Final = frozenset(FLOW) - {DEFINITION}
CURVE_COLUMNS: Final = frozenset(CURVE) - {STRATA, N_CENSOR, STD_ERROR, CONF_LOW, CONF_HIGH}
OWN_PACKAGE: Final = "rpcstats"
_NEEDED: Final = {
    "curve": CURVE_COLUMNS,
    "incidence": frozenset({STATE, TIME, N_EVENT, ESTIMATE}),
    "mean": frozenset({ESTIMATE, CONF_LOW, CONF_HIGH}),
    "test": frozenset[str](),
}
_CURVES: Final = {"curve": protect_curve, "incidence": protect_incidence}

_CAN_BE_RELEASED: Final = (
    "disclose() takes a result that says its release_kind (a Kaplan-Meier curve, a test, a"
    " restricted mean, an incidence by cause, effects, estimates of change), a frame with"
    " columns n, base, estimate, conf_low, conf_high (such as funnel gives), the frame that flow"
    " gives, a curve's tidy frame, or what published_figures and precision_and_power give."
)


@runtime_checkable
class Releasable(Protocol):
    """A result that says what it is and gives a tidy frame."""

    release_kind: ReleaseKind

    def tidy(self) -> pd.DataFrame:
        """Give the result as a frame."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What was asked for beside the result, and what the result says of itself."""

    by: str | None
    grid: Sequence[float]
    conf_level: float
    design_effect: float
    cells: pd.DataFrame | None
    span: float
    curves: Sequence[CurveBeside]


def disclose(
    obj: Any,
    policy: DisclosurePolicy | str,
    *,
    kind: ReleaseKind | None = None,
    by: str | None = None,
    grid: Sequence[float] | int = (),
    beside: Sequence[Any] = (),
    conf_level: float = 0.95,
) -> Disclosed:
    """Protect a result so that it may be published.

    Parameters
    ----------
    obj : result or DataFrame
        A result with `release_kind` and `tidy()`, or a frame of counts or a curve.
    policy : DisclosurePolicy or str
        The rules, or the name of a preset.
    kind : str, optional
        Kind of a frame, where its columns don't tell; "published" has to be said.
    by : str, optional
        Counts: the column of groups shown side by side.
    grid : sequence of float or int, optional
        Curves: times at which the number at risk is wanted; a number of sessions means
        each from 0 up to it.
    beside : sequence of result, optional
        A funnel: curves and incidences of the same people that will be published too, with the
        same `grid`; then no small group follows from all of them together.
    conf_level : float, default 0.95
        Level of recomputed intervals of a frame; a result has its own.

    Returns
    -------
    Disclosed
        The protected output. Disclosed already by the same rules, it comes back as it is.

    Raises
    ------
    DisclosureError
        If no rule covers the object, or it was disclosed by other rules.
    ParameterError
        If no preset has the policy's name.
    """
    rules = disclosure_policy(policy) if isinstance(policy, str) else policy
    if isinstance(obj, Disclosed):
        return _again(obj, rules)
    kind, frame, glance = _read(obj, kind)
    refuse_person_columns(frame)
    refuse_person_groups(frame)
    if not len(frame) and isinstance(obj, pd.DataFrame):
        raise DisclosureError("There is nothing to disclose: the frame has no rows.")
    found = 1.0 if kind in ("published", "effects") else float(getattr(obj, "design_effect", 1.0))
    inflation, widened = released_design_effect(found, events_behind(frame, glance), rules)
    times = range(grid + 1) if isinstance(grid, int) else grid
    asked = _Asked(
        by=by,
        grid=times,
        curves=curves_beside(beside, rules, times, frame),
        conf_level=float(getattr(obj, "conf_level", conf_level)),
        design_effect=inflation,
        cells=_cells(obj, kind),
        span=float(getattr(obj, "span", "nan")),
    )
    if len(frame) or kind == "published":
        means = _means(obj, rules, asked)
        done = _protect(kind, frame, glance, rules, asked, means)
    else:
        done = _nothing(frame)
    rows = done.frame[STATUS].tolist()
    status: Status = (
        "released" if WITHHELD not in rows else "partly" if RELEASED in rows else "withheld"
    )
    return Disclosed(
        _frame=done.frame,
        _glance=done.glance,
        _rules=rules,
        kind=kind,
        status=status,
        entry=_entry(kind, rules, done, widened),
        seal=SEAL,
    )


def _nothing(frame: pd.DataFrame) -> Protected:
    """Pass a result without rows: nobody was asked, so that there is nobody to protect."""
    empty = frame.assign(**{STATUS: pd.Series(dtype="str"), NOTE: pd.Series(dtype="str")})
    action = "There was nothing to release."
    return Protected(frame=empty, actions=(action,), n_cells=0, n_withheld=0, n_rounded=0)


def _entry(
    kind: ReleaseKind, rules: DisclosurePolicy, done: Protected, further: tuple[str, ...]
) -> LedgerEntry:
    return LedgerEntry(
        kind=kind,
        policy=rules.name,
        origin=rules.origin,
        n_cells=done.n_cells,
        n_withheld=done.n_withheld,
        n_rounded=done.n_rounded,
        actions=(*done.actions, *further),
    )


def _again(safe: Disclosed, rules: DisclosurePolicy) -> Disclosed:
    if not safe.follows(rules):
        raise DisclosureError(
            f"This was disclosed by the rules '{safe.policy}' and can't be changed to"
            f" '{rules.name}': disclose the result itself again."
        )
    return safe


def _read(
    obj: Any, kind: ReleaseKind | None
) -> tuple[ReleaseKind, pd.DataFrame, pd.DataFrame | None]:
    if isinstance(obj, pd.DataFrame):
        if kind == "published":
            raise DisclosureError(f"A bare frame can't say that it is public. {_CAN_BE_RELEASED}")
        return kind or _kind_of(obj), obj, None
    if not isinstance(obj, Releasable) or obj.release_kind not in get_args(ReleaseKind):
        why = getattr(obj, "never_released", _CAN_BE_RELEASED)
        raise DisclosureError(f"A {type(obj).__name__} can't be released. {why}")
    if obj.release_kind == "published" and type(obj).__module__.split(".")[0] != OWN_PACKAGE:
        raise DisclosureError(f"A {type(obj).__name__} can't say that it is public.")
    if getattr(obj, "is_weighted", False):
        raise DisclosureError(
            "The counts behind a weighted result are not numbers of people: disclose the"
            " unweighted one."
        )
    if kind not in (None, obj.release_kind):
        raise DisclosureError(f"The result says it is a '{obj.release_kind}': leave out kind=.")
    summarise = getattr(obj, "glance", None)
    return obj.release_kind, obj.tidy(), summarise() if callable(summarise) else None


def _means(obj: Any, rules: DisclosurePolicy, asked: _Asked) -> pd.DataFrame | None:
    """Read restricted means off the protected curves of a result that has curves."""
    curves = getattr(obj, "curves", None)
    if not (rules.protects and callable(curves)):
        return None
    tau, level = float(obj.tau), asked.conf_level
    safe = protect_curve(
        curves(), rules, grid=[tau], conf_level=level, design_effect=asked.design_effect
    )
    return means_of_protected(safe.frame, tau=tau, conf_level=level)


def _cells(obj: Any, kind: ReleaseKind) -> pd.DataFrame | None:
    if kind != "effects":
        return None
    cells = getattr(obj, "cells", None)
    if not callable(cells):
        raise DisclosureError("Effects can be released only by a result that has cells().")
    found: pd.DataFrame = cells()
    return found


def _kind_of(frame: pd.DataFrame) -> ReleaseKind:
    columns = set(frame.columns)
    if columns >= set(PROPORTION) or columns >= FLOW_COLUMNS:
        return "counts"
    if columns >= CURVE_COLUMNS:
        return "curve"
    raise DisclosureError(f"The columns of this frame fit no rule. {_CAN_BE_RELEASED}")


def _protect(
    kind: ReleaseKind,
    frame: pd.DataFrame,
    glance: pd.DataFrame | None,
    rules: DisclosurePolicy,
    asked: _Asked,
    means: pd.DataFrame | None,
) -> Protected:
    if kind == "published":
        return pass_published(frame)
    if not rules.protects:
        return unchanged(frame, with_p_values(glance))
    if kind == "counts":
        if _kind_of(frame) == "counts" and set(frame.columns) >= set(PROPORTION):
            return protect_proportions(
                frame,
                rules,
                by=asked.by,
                conf_level=asked.conf_level,
                design_effect=asked.design_effect,
                curves=asked.curves,
            )
        return protect_flow(frame, rules)
    if kind == "effects" and asked.cells is not None:
        return protect_effects(frame, asked.cells, rules, conf_level=asked.conf_level)
    if kind == "estimates":
        return protect_model_estimates(frame, rules, glance, span=asked.span)
    lacking = sorted(_NEEDED[kind] - set(frame.columns))
    if lacking:
        raise DisclosureError(f"A {kind} needs column(s) {', '.join(lacking)} to be checked.")
    if kind in _CURVES:
        return _CURVES[kind](
            frame,
            rules,
            grid=asked.grid,
            conf_level=asked.conf_level,
            design_effect=asked.design_effect,
        )
    if kind == "mean":
        return protect_mean(frame, rules, glance, means)
    return protect_test(frame, rules, glance, means)
