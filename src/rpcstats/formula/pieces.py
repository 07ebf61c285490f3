"""Pieces of a formula text: names, calls, and what stands outside brackets."""

import re

from rpcstats.errors import FormulaError

_NAME = re.compile(r"^(?:[^\W\d]\w*|`[^`]+`)$")
_CALL = re.compile(r"^([^\W\d]\w*)\s*\((.*)\)$", re.DOTALL)
_OPENING, _CLOSING = "([{", ")]}"
_MAX_DEPTH = 40


def plain_name(text: str) -> str | None:
    """Give the column a text names, without backticks; None if it is not a bare name.

    Parameters
    ----------
    text : str
        A piece of a formula.

    Returns
    -------
    str or None
        The column name.
    """
    text = text.strip()
    return text.strip("`") if _NAME.match(text) else None


def called(term: str) -> tuple[str, tuple[str, ...]] | None:
    """Give the name and the arguments of a term such as ``strata(a, b)``.

    Parameters
    ----------
    term : str
        One term.

    Returns
    -------
    tuple or None
        Function name and argument texts; None if the term is not one call.
    """
    match = _CALL.match(term.strip())
    if match is None or closes_early(match.group(2)):
        return None
    inside = match.group(2).strip()
    return match.group(1), tuple(part.strip() for part in split_at(inside, ",")) if inside else ()


def split_at(text: str, separator: str) -> list[str]:
    """Cut a text at a character, but not inside brackets, backticks or quotes.

    Parameters
    ----------
    text : str
        A formula or a piece of one.
    separator : str
        One character.

    Returns
    -------
    list of str
        The parts.

    Raises
    ------
    FormulaError
        If a bracket or a quote has no partner.
    """
    cuts = [position for position, character in top_level(text) if character == separator]
    starts, ends = [0, *(cut + 1 for cut in cuts)], [*cuts, len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def top_level(text: str) -> list[tuple[int, str]]:
    """List the characters outside brackets, backticks and quotes, with their positions.

    Parameters
    ----------
    text : str
        A formula or a piece of one.

    Returns
    -------
    list of tuple
        Position and character.

    Raises
    ------
    FormulaError
        If a bracket or a quote has no partner.
    """
    found: list[tuple[int, str]] = []
    open_brackets: list[str] = []
    quote = ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "`'\"":
            quote = character
        elif character in _OPENING:
            open_brackets.append(_CLOSING[_OPENING.index(character)])
            if len(open_brackets) > _MAX_DEPTH:
                raise FormulaError(f"Brackets stand more than {_MAX_DEPTH} deep in a formula.")
        elif character in _CLOSING:
            if not open_brackets or open_brackets.pop() != character:
                raise FormulaError(f"A closing {character} has no partner in: {text}")
        elif not open_brackets:
            found.append((position, character))
    if quote or open_brackets:
        missing = quote or open_brackets[-1]
        raise FormulaError(f"A closing {missing} is missing in: {text}")
    return found


def closes_early(inside: str) -> bool:
    """Tell `a) + f(b`, what is left of `f(a) + f(b)`, from the inside of one call.

    Parameters
    ----------
    inside : str
        What stands between the first bracket and the last.

    Returns
    -------
    bool
        Whether a bracket closes that was not opened.
    """
    depth = 0
    for character in inside:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return True
    return False
