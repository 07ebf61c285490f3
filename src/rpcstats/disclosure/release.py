"""The one door out: a result goes in, and leaves sealed or not at all."""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from typing import Any, Final, Literal, Protocol, get_args, runtime_checkable

import pandas as pd

from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    CURVE,
    DEFINITION,
    ESTIMATE,
    FLOW,
    N_CENSOR,
    PROPORTION,
    STATUS,
    STD_ERROR,
    STRATA,
    ReleaseKind,
)
from rpcstats.disclosure.counts import protect_flow, protect_proportions
from rpcstats.disclosure.curves import protect_curve
from rpcstats.disclosure.ledger import LedgerEntry
from rpcstats.disclosure.policy import DisclosurePolicy, disclosure_policy
from rpcstats.disclosure.protected import (
    RELEASED,
    WITHHELD,
    Protected,
    refuse_person_columns,
    unchanged,
)
from rpcstats.disclosure.summaries import pass_published, protect_mean, protect_test
from rpcstats.errors import DisclosureError

Status = Literal["released", "partly", "withheld"]

FLOW_COLUMNS: Final = frozenset(FLOW) - {DEFINITION}
CURVE_COLUMNS: Final = frozenset(CURVE) - {STRATA, N_CENSOR, STD_ERROR, CONF_LOW, CONF_HIGH}
_NEEDED: Final = {
    "curve": CURVE_COLUMNS,
    "mean": frozenset({ESTIMATE, CONF_LOW, CONF_HIGH}),
    "test": frozenset[str](),
}

_SEAL: Final = object()

_CAN_BE_RELEASED: Final = (
    "disclose() takes a result that says its release_kind (a Kaplan-Meier curve, a test, a"
    " restricted mean), a frame with columns n, base, estimate, conf_low, conf_high (such as"
    " funnel gives), the frame that flow gives, a curve's tidy frame, or figures that are"
    ' public already, with kind="published" and a source for every row.'
)


@runtime_checkable
class Releasable(Protocol):
    """A result that says what it is and gives a tidy frame."""

    release_kind: ReleaseKind

    def tidy(self) -> pd.DataFrame:
        """Give the result as a frame."""
        ...


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
        if seal is not _SEAL:
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

    def _repr_html_(self) -> str:
        html: str = self._frame.to_html(index=False, na_rep="withheld")
        return html


def is_disclosed(obj: object) -> bool:
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


def disclose(
    obj: Any,
    policy: DisclosurePolicy | str,
    *,
    kind: ReleaseKind | None = None,
    by: str | None = None,
    grid: Sequence[float] | int = (),
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
    conf_level : float, default 0.95
        Level of recomputed intervals.

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
    if not len(frame) and kind != "published":
        raise DisclosureError("There is nothing to disclose: the frame has no rows.")
    times = range(grid + 1) if isinstance(grid, int) else grid
    done = _protect(kind, frame, glance, rules, by=by, grid=times, conf_level=conf_level)
    rows = done.frame[STATUS].tolist()
    status: Status = (
        "released" if WITHHELD not in rows else "partly" if RELEASED in rows else "withheld"
    )
    entry = LedgerEntry(
        kind=kind,
        policy=rules.name,
        origin=rules.origin,
        n_cells=done.n_cells,
        n_withheld=done.n_withheld,
        n_rounded=done.n_rounded,
        actions=done.actions,
    )
    return Disclosed(
        _frame=done.frame,
        _glance=done.glance,
        _rules=rules,
        kind=kind,
        status=status,
        entry=entry,
        seal=_SEAL,
    )


def _again(safe: Disclosed, rules: DisclosurePolicy) -> Disclosed:
    if not safe._rules.same_rules(rules):
        raise DisclosureError(
            f"This was disclosed by the rules '{safe.policy}' and can't be changed to"
            f" '{rules.name}': disclose the result itself again."
        )
    return safe


def _read(
    obj: Any, kind: ReleaseKind | None
) -> tuple[ReleaseKind, pd.DataFrame, pd.DataFrame | None]:
    if isinstance(obj, pd.DataFrame):
        return kind or _kind_of(obj), obj, None
    if not isinstance(obj, Releasable) or obj.release_kind not in get_args(ReleaseKind):
        raise DisclosureError(f"A {type(obj).__name__} can't be released. {_CAN_BE_RELEASED}")
    if getattr(obj, "is_weighted", False):
        raise DisclosureError(
            "The counts behind a weighted result are not numbers of people: disclose the"
            " unweighted one."
        )
    if kind not in (None, obj.release_kind):
        raise DisclosureError(
            f"The result says that it is a '{obj.release_kind}': leave out kind=."
        )
    summarise = getattr(obj, "glance", None)
    return obj.release_kind, obj.tidy(), summarise() if callable(summarise) else None


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
    *,
    by: str | None,
    grid: Sequence[float],
    conf_level: float,
) -> Protected:
    if kind == "published":
        return pass_published(frame)
    if not rules.protects:
        return unchanged(frame, glance)
    if kind == "counts":
        if _kind_of(frame) == "counts" and set(frame.columns) >= set(PROPORTION):
            return protect_proportions(frame, rules, by=by, conf_level=conf_level)
        return protect_flow(frame, rules)
    lacking = sorted(_NEEDED[kind] - set(frame.columns))
    if lacking:
        raise DisclosureError(f"A {kind} needs column(s) {', '.join(lacking)} to be checked.")
    if kind == "curve":
        return protect_curve(frame, rules, grid=grid, conf_level=conf_level)
    if kind == "mean":
        return protect_mean(frame, rules, glance)
    return protect_test(frame, rules, glance)
