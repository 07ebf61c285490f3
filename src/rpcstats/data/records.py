"""Checking of the mappings people write in YAML, field by field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, Final

_KINDS: Final[Mapping[type, str]] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    date: "a date as YYYY-MM-DD",
    list: "a list",
    dict: "a mapping",
    type(None): "empty",
}


class _Required:
    """Marks a field without a default."""


REQUIRED: Final = _Required()


@dataclass(frozen=True, slots=True)
class Field:
    """What a field of a record may hold.

    Attributes
    ----------
    kinds : tuple of type
        Allowed types; ``type(None)`` allows an empty field.
    default : object
        What stands for an absent field; without it the field is required.
    choices : tuple of str
        Allowed words.
    minimum : float or None
        Least allowed number.
    """

    kinds: tuple[type, ...]
    default: object = REQUIRED
    choices: tuple[str, ...] = ()
    minimum: float | None = None

    def fault(self, value: object) -> str | None:
        """Say what is wrong with a value, or None.

        Parameters
        ----------
        value : object
            What the record holds; not asked of an absent field.

        Returns
        -------
        str or None
            Words that follow the name of the field, such as "must be at least 1".
        """
        if not _is_one_of(value, self.kinds):
            return "must be " + " or ".join(_KINDS[kind] for kind in self.kinds)
        if self.choices and value not in self.choices:
            return "must be one of " + ", ".join(self.choices)
        if self.minimum is not None and isinstance(value, int | float) and value < self.minimum:
            return f"must be at least {self.minimum:g}"
        return None


def _is_one_of(value: object, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return bool in kinds
    if isinstance(value, datetime):
        return False
    return isinstance(value, kinds)


def _as_date(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        return value


def check_record(given: object, fields: Mapping[str, Field]) -> tuple[dict[str, Any], list[str]]:
    """Check a mapping against its fields.

    Parameters
    ----------
    given : object
        What the YAML holds.
    fields : mapping of str to Field
        Allowed fields.

    Returns
    -------
    record : dict
        The fields that are in order, with defaults filled in.
    faults : list of str
        One sentence a fault.
    """
    if not isinstance(given, dict):
        return {}, ["write a mapping of " + ", ".join(fields)]
    faults = [
        f"unknown key `{key}`{did_you_mean(str(key), fields)}" for key in given if key not in fields
    ]
    record: dict[str, Any] = {}
    for name, field in fields.items():
        if name not in given:
            if isinstance(field.default, _Required):
                faults.append(f"`{name}` is missing: add it")
            else:
                record[name] = field.default
            continue
        value = _as_date(given[name]) if date in field.kinds else given[name]
        fault = field.fault(value)
        if fault:
            faults.append(f"`{name}` {fault}")
        else:
            record[name] = value
    return record, faults


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the known words nearest to a mistyped one.

    Parameters
    ----------
    word : str
        What was written.
    known : iterable of str
        What might have been meant.

    Returns
    -------
    str
        ``": did you mean a, b?"``, or the list of known words where none is near.
    """
    names = list(known)
    near = get_close_matches(word.casefold(), names, n=2, cutoff=0.6)
    if near:
        return f": did you mean {' or '.join(near)}?"
    return f": use one of {', '.join(names)}" if names else ""
