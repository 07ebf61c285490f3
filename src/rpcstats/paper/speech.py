"""Formulas in words, for readers who can't see them."""

import re
from typing import Final

_WORDS: Final = {
    "leq": "at most",
    "le": "at most",
    "geq": "at least",
    "ge": "at least",
    "neq": "not equal to",
    "approx": "about",
    "sim": "distributed as",
    "times": "times",
    "cdot": "times",
    "pm": "plus or minus",
    "in": "in",
    "infty": "infinity",
    "sum": "sum over",
    "prod": "product over",
    "int": "integral over",
    "log": "log",
    "exp": "exp",
    "mid": "given",
    "to": "to",
    "dots": "and so on",
    "ldots": "and so on",
}
_ACCENTS: Final = {
    "hat": "hat",
    "widehat": "hat",
    "bar": "bar",
    "overline": "bar",
    "tilde": "tilde",
}
_SILENT: Final = ("left", "right", "mathrm", "text", "operatorname", "mathbf", "displaystyle")
_SIGNS: Final = {
    "=": "equals",
    "<": "less than",
    ">": "more than",
    "+": "plus",
    "-": "minus",
    "/": "over",
}


def spoken(tex: str) -> str:
    r"""Say a short TeX formula in words.

    Parameters
    ----------
    tex : str
        The formula.

    Returns
    -------
    str
        Words and symbols without TeX commands, such as ``S hat of t`` for ``\hat{S}(t)``.
    """
    text = tex
    for command, word in _ACCENTS.items():
        text = re.sub(rf"\\{command}\s*(?:\{{([^{{}}]*)\}}|(\w))", rf" \1\2 {word} ", text)
    text = re.sub(r"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r" \1 over \2 ", text)
    text = re.sub(r"\\sqrt\s*\{([^{}]*)\}", r" square root of \1 ", text)
    text = re.sub(r"\\([A-Za-z]+)", _command, text)
    text = re.sub(r"(?<=[A-Za-z}])\s*((?:hat|bar|tilde)?)\s*\(([^()]*)\)", r" \1 of \2 ", text)
    text = re.sub(r"_", " sub ", re.sub(r"\^", " to the power ", text))
    for sign, word in _SIGNS.items():
        text = text.replace(sign, f" {word} ")
    return re.sub(r"(?<=\() | (?=\))", "", " ".join(re.sub(r"[{}\\,;!]", " ", text).split()))


def _command(match: re.Match[str]) -> str:
    name = match[1]
    return " " if name in _SILENT else f" {_WORDS.get(name, name)} "
