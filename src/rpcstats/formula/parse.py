"""Formula text to its parts: `Surv()`, `strata()`, `cluster()`, `offset()` and `(… | g)`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rpcstats.errors import FormulaError
from rpcstats.formula.pieces import called, closes_early, plain_name, split_at, top_level

_REMEMBERED: Final = 128
"""Formulas whose parts are kept, for the same one is often read again and again."""

_SPECIALS = ("strata", "cluster", "offset", "frailty")
_TYPED = re.compile(r"^type\s*=\s*(['\"])(\w+)\1$")


@dataclass(frozen=True, slots=True)
class Surv:
    """A censored response.

    Attributes
    ----------
    time, event : str
        Columns of the time of exit and of the event; of interval-censored times, of the lower
        and the upper limit.
    entry : str or None
        Column of the time of entry; None if everybody is seen from time 0.
    is_interval : bool
        Whether the event is known only to lie between two times.
    """

    time: str
    event: str
    entry: str | None = None
    is_interval: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns named, entry first."""
        return tuple(name for name in (self.entry, self.time, self.event) if name is not None)


@dataclass(frozen=True, slots=True)
class RandomTerm:
    """A random-effects term `(expression | group)`.

    Attributes
    ----------
    expression : str
        What varies, such as "1 + session".
    group : str
        The grouping factor, such as "council/group_id".
    correlated : bool
        Whether the effects of a level may be correlated; False for ``(expression || group)``.
    """

    expression: str
    group: str
    correlated: bool = True


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula taken apart.

    Attributes
    ----------
    text : str
        As given.
    response : Surv, str or None
        Left side; None if there is none.
    terms : tuple of str
        Plain terms of the right side, signs kept; what formulaic is given.
    strata, cluster, frailty : tuple of str
        Columns inside those calls.
    offset : tuple of str
        Columns or expressions inside offset(), as written.
    random : tuple of RandomTerm
        Random-effects terms.
    """

    text: str
    response: Surv | str | None
    terms: tuple[str, ...]
    strata: tuple[str, ...] = ()
    cluster: tuple[str, ...] = ()
    offset: tuple[str, ...] = ()
    frailty: tuple[str, ...] = ()
    random: tuple[RandomTerm, ...] = ()

    @property
    def fixed(self) -> str:
        """Right side without the special terms, as formulaic reads it."""
        return " ".join(self.terms).removeprefix("+ ") or "1"


def parse_formula(text: str) -> Formula:
    """Take a formula apart.

    Parameters
    ----------
    text : str
        R's notation, such as ``"Surv(entry, time, event) ~ mode + strata(council)"``. A column
        whose name is not a plain word goes between backticks.

    Returns
    -------
    Formula
        The parts. A text without ``~`` is a response alone.

    Raises
    ------
    FormulaError
        If the text can't be read; in one plain line.
    """
    if not isinstance(text, str) or not text.strip():
        raise FormulaError('A formula is a text such as "Surv(time, event) ~ mode".')
    return _parsed(text)


@lru_cache(maxsize=_REMEMBERED)
def _parsed(text: str) -> Formula:
    sides = [side.strip() for side in split_at(text, "~")]
    if len(sides) > 2:
        raise FormulaError(f"A formula has one ~; found {len(sides) - 1} in: {text}")
    response = _response(sides[0]) if sides[0] else None
    if len(sides) == 1:
        return Formula(text, response, ())
    if not sides[1]:
        raise FormulaError(f"Nothing stands after the ~ (write ~ 1 for no covariates): {text}")
    return _right_side(text, response, sides[1])


def _right_side(text: str, response: Surv | str | None, right: str) -> Formula:
    terms: list[str] = []
    random: list[RandomTerm] = []
    special: dict[str, list[str]] = {name: [] for name in _SPECIALS}
    for sign, term in _signed_terms(right):
        call = called(term)
        if call is not None and call[0] in special:
            _refuse_minus(sign, term)
            special[call[0]] += _arguments(*call)
        elif _is_random(term):
            _refuse_minus(sign, term)
            random.append(_random_term(term))
        else:
            _refuse_nested(term)
            terms.append(f"{sign} {term}")
    return Formula(
        text,
        response,
        tuple(terms),
        **{k: tuple(v) for k, v in special.items()},
        random=tuple(random),
    )


def _response(left: str) -> Surv | str:
    call = called(left)
    if call is None or call[0] != "Surv":
        if "Surv" in left:
            raise FormulaError(
                f"Surv() stands alone, as in Surv(time, event) or Surv(entry, time, event): {left}"
            )
        return left
    columns, is_interval = _surv_type(call[1], left)
    names = [plain_name(argument) for argument in columns]
    if len(names) not in (2, 3)[: 1 if is_interval else 2] or None in names:
        raise FormulaError(
            "Surv() takes two or three column names, (time, event) or (entry, time, event), or "
            f"(lower, upper, type='interval2'): {left}"
        )
    *entry, time, event = [name for name in names if name is not None]
    return Surv(time, event, entry[0] if entry else None, is_interval)


def _surv_type(arguments: tuple[str, ...], left: str) -> tuple[tuple[str, ...], bool]:
    """Take `type=` off the arguments of Surv()."""
    typed = _TYPED.match(arguments[-1]) if arguments else None
    if typed is None:
        return arguments, False
    if typed.group(2) not in ("right", "counting", "interval2"):
        raise FormulaError(
            "Surv() knows the types 'right', 'counting' and 'interval2'; write left-censored "
            f"times as (lower, upper, type='interval2') with no lower limit: {left}"
        )
    return arguments[:-1], typed.group(2) == "interval2"


def _signed_terms(right: str) -> Iterator[tuple[str, str]]:
    sign, start = "+", 0
    for position, character in [*top_level(right), (len(right), "+")]:
        if character not in "+-":
            continue
        term = right[start:position].strip()
        if term:
            yield sign, term
        elif start or position == len(right) or character == "+":
            raise FormulaError(f"A term is missing beside a + or - in: {right}")
        sign, start = character, position + 1


def _arguments(name: str, arguments: tuple[str, ...]) -> list[str]:
    if name == "offset" and arguments and all(arguments):
        return list(arguments)
    columns = [plain_name(argument) for argument in arguments]
    found = [column for column in columns if column is not None]
    if not columns or len(found) < len(columns):
        raise FormulaError(f"{name}() takes column names, as in {name}(council).")
    return found


def _is_random(term: str) -> bool:
    return (
        term[0] == "("
        and term[-1] == ")"
        and not closes_early(term[1:-1])
        and any(character == "|" for _, character in top_level(term[1:-1]))
    )


def _random_term(term: str) -> RandomTerm:
    inside = term[1:-1]
    bars = [position for position, character in top_level(inside) if character == "|"]
    expression, group = inside[: bars[0]].strip(), inside[bars[-1] + 1 :].strip()
    if bars[-1] - bars[0] != len(bars) - 1 or len(bars) > 2 or not expression or not group:
        raise FormulaError(
            f"A random term is written (1 | group), (1 + x | group) or (1 + x || group): {term}"
        )
    return RandomTerm(expression, group, correlated=len(bars) == 1)


def _refuse_minus(sign: str, term: str) -> None:
    if sign == "-":
        raise FormulaError(f"{term} can't be subtracted: leave it out, or join it with +.")


def _refuse_nested(term: str) -> None:
    for name in ("Surv", *_SPECIALS):
        if re.search(rf"(?<!\w){name}\s*\(", term):
            raise FormulaError(f"{name}() must be a term of its own, joined with +: {term}")
