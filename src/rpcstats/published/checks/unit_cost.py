"""What a printed cost is for each person who was counted."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from rpcstats.published.checks.bases import Base, PrintedCounts
from rpcstats.published.checks.finding import Finding
from rpcstats.published.statements import Statement

CHECK: Final = "closure"
COSTS: Final = ("annual_cost", "total_cost", "cost", "cost_total")
UNIT_COST: Final = "cost_per"


def unit_cost(council: Sequence[Statement], counts: PrintedCounts) -> Iterator[Finding]:
    """Divide each printed cost by the number of people, if only one is printed.

    Parameters
    ----------
    council : sequence of Statement
        Figures of one document and council.
    counts : PrintedCounts
        Their counts.

    Yields
    ------
    Finding
        One a cost, and one a cost per person that is printed beside one cost.
    """
    costs = [s for s in council if s.unit == "gbp" and s.measure in COSTS and s.text]
    for cost in costs:
        for base in counts.only_base("people").bases:
            yield _told(cost, base)
    for each in council:
        is_each = each.unit == "gbp" and each.measure.startswith(UNIT_COST) and each.is_exact
        if is_each and len(costs) == 1 and costs[0].is_exact:
            for base in counts.only_base("people").bases:
                yield from _checked(each, costs[0], base)


def _told(cost: Statement, base: Base) -> Finding:
    is_exact = base.is_exact and cost.is_exact
    each = Decimal(cost.text) / base.n
    about = "" if is_exact else "about "
    message = (
        f"{_capital(cost.printed)} for {'' if base.is_exact else 'about '}{base.n:,}"
        f" ({base.label}) is {about}{_pounds(each)} each."
    )
    return Finding(
        cost.fact_id, CHECK, base.label, base.n, _pounds(each), cost.printed, "possible",
        "note", message,
    )  # fmt: skip


def _checked(each: Statement, cost: Statement, base: Base) -> Iterator[Finding]:
    if not base.is_exact:
        return
    printed = Decimal(each.text)
    true = Decimal(cost.text) / base.n
    step = Decimal(1).scaleb(-len(each.text.partition(".")[2]))
    feasible = _pounds(true)
    found = (each.fact_id, CHECK, base.label, base.n, feasible, each.printed)
    of = f"{cost.printed} for {base.n:,} ({base.label}) is {feasible} each"
    if abs(true - printed) < step:
        yield Finding(*found, "possible", "note", f"{_capital(of)}.")
    else:
        yield Finding(
            *found, "ambiguous", "warning", f"{_capital(of)}, not {each.printed}.",
            "Print the cost and the number of people it was divided by.",
        )  # fmt: skip


def _pounds(amount: Decimal) -> str:
    return f"\u00a3{amount:,.2f}".removesuffix(".00")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
