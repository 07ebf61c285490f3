"""What a parameter may hold: the plain types, and the names that mean the same in every paper."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, Field, JsonValue

from rpcstats._vocabulary import FOLLOWUP

PolicyName = Literal["council", "tre", "opensafely", "internal"]
ConfidenceType = Literal["log-log", "log", "plain", "logit", "arcsine"]
# Never an id, a time or an outcome: their values would be printed as the names of groups.
COMPARABLE: Final = FOLLOWUP[FOLLOWUP.index("programme") :]
TYPE_NAMES: Final = ("str", "int", "float", "bool", "list", "dict")


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """What one parameter accepts.

    Attributes
    ----------
    annotation : object
        Type for a pydantic field.
    expects : str
        The same in words, to follow "write".
    types : tuple of str
        Types under which a notebook may declare it.
    """

    annotation: Any
    expects: str
    types: tuple[str, ...]


def _iso_date(text: str) -> str:
    if text and (len(text) != 10 or date.fromisoformat(text).isoformat() != text):
        raise ValueError("not an ISO date")
    return text


def _known_at_referral(names: list[str]) -> list[str]:
    if not 0 < len(set(names)) == len(names) or not set(names) <= set(COMPARABLE):
        raise ValueError("not a list of different columns known at referral")
    return names


def _one_of(choices: object) -> str:
    return "one of " + ", ".join(str(choice) for choice in get_args(choices))


_DATE: Final = Rule(
    Annotated[str, AfterValidator(_iso_date)],
    "a date such as 2024-03-31, or '' for the extract's own",
    ("str",),
)
_LEVEL: Final = Annotated[float, Field(gt=0.5, lt=1)]
_HORIZON: Final = Annotated[float, Field(ge=1, le=120)]
_SEED: Final = Annotated[int, Field(ge=0)]
_COLUMNS: Final = Annotated[list[str], AfterValidator(_known_at_referral)]

VOCABULARY: Final[Mapping[str, Rule]] = {
    "council": Rule(
        Annotated[str, Field(min_length=1)], "the name of a council's folder", ("str",)
    ),
    "conf_level": Rule(_LEVEL, "a number above 0.5 and below 1, such as 0.95", ("float",)),
    "conf_type": Rule(ConfidenceType, _one_of(ConfidenceType), ("str",)),
    "data_cut": _DATE,
    "observed_from": _DATE,
    "policy": Rule(PolicyName, _one_of(PolicyName), ("str",)),
    "tau": Rule(_HORIZON, "a number from 1 to 120, such as 6", ("int", "float")),
    "compare": Rule(
        _COLUMNS,
        f"a list of different columns, such as [mode, sex], out of {', '.join(COMPARABLE)}",
        ("list",),
    ),
    "seed": Rule(_SEED, "a whole number, 0 or more", ("int",)),
}

_PLAIN: Final[Mapping[str, Rule]] = {
    "str": Rule(str, "a text", ("str",)),
    "int": Rule(int, "a whole number such as 6", ("int",)),
    "float": Rule(float, "a number such as 0.95", ("float",)),
    "bool": Rule(bool, "true or false", ("bool",)),
    "list": Rule(list[JsonValue], "a list such as [a, b]", ("list",)),
    "dict": Rule(dict[str, JsonValue], "names with values, such as {a: 1}", ("dict",)),
}


def rule_for(name: str, type_name: str) -> Rule:
    """Find what a declared parameter accepts.

    Parameters
    ----------
    name : str
        Name of the parameter.
    type_name : str
        Declared type, one of `TYPE_NAMES`.

    Returns
    -------
    Rule
        That of the shared vocabulary where it knows the name, narrowed to the
        declared type; else that of the plain type.
    """
    plain = _PLAIN[type_name]
    shared = VOCABULARY.get(name)
    if shared is None:
        return plain
    if shared.annotation is _HORIZON and type_name == "int":
        whole = Annotated[int, Field(ge=1, le=120)]
        return Rule(whole, "a whole number from 1 to 120, such as 6", ("int",))
    return shared


def plain_value(value: object) -> object:
    """Turn the dates inside a value, as YAML reads them, into ISO text.

    Parameters
    ----------
    value : object
        A value of a parameter.

    Returns
    -------
    object
        The same with every date as text.
    """
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain_value(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_value(inner) for inner in value]
    return value
