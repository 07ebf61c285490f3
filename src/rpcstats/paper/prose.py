"""Templates of prose: value ids in braces, filled with the texts that were registered."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from rpcstats._wording import NOT_ESTIMABLE, WITHHELD
from rpcstats.errors import ParameterError

_BRACES: Final = re.compile(r"\{\{|\}\}|\{([A-Za-z_][\w ]*)\}")
_DASHES: Final = re.compile(r"-(?=-)|(?<=-)-|\.(?=\.)|(?<=\.)\.")
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>$#|@~^!\"'])")


def did_you_mean(name: str, known: Mapping[str, object] | list[str]) -> str:
    """Say which known names are near a wrong one.

    Parameters
    ----------
    name : str
        The name that is not known.
    known : mapping or list of str
        The names there are.

    Returns
    -------
    str
        ``did you mean 'x'?`` or the list of known names.
    """
    near = get_close_matches(name, list(known), n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    return f"known: {', '.join(sorted(known)) or 'none'}"


Template = str | Sequence[str]
"""A text with value ids in braces, or several: the first whose values may all be told is used."""


def fill(
    template: Template, texts: Mapping[str, str], *, where: str, markdown: bool = False
) -> str:
    """Fill ``{id}`` in a template; ``{{`` and ``}}`` stand for braces.

    Parameters
    ----------
    template : str or sequence of str
        Text with value ids in braces. Braces that open with anything but a letter, such as
        ``{.summary}``, are left as they are. Of several texts the first is filled in which no
        value is withheld or not estimable; the last if there is none.
    texts : mapping of str to str
        The texts registered so far.
    where : str
        What is being filled, for the message.
    markdown : bool, default False
        Escape the filled texts, so that they print literally in markdown.

    Returns
    -------
    str
        The filled text.

    Raises
    ------
    ParameterError
        If an id is not registered.
    """
    faults: list[str] = []

    def replace(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return match[0][0]
        if name not in texts:
            hint = did_you_mean(name, texts)
            faults.append(f"no value '{name}'; {hint} (write {{{{{name}}}}} for plain braces)")
            return match[0]
        return escape(texts[name]) if markdown else texts[name]

    choices = [template] if isinstance(template, str) else list(template)
    filled = [_BRACES.sub(replace, choice) for choice in choices]
    told = [_is_told(choice, texts) for choice in choices]
    text = filled[told.index(True)] if True in told else filled[-1]
    if faults:
        raise ParameterError(f"{where} names values that out.value has not registered", faults)
    return text


def escape(text: str) -> str:
    """Escape a text so that markdown prints it literally.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The same text for use inside markdown.
    """
    plain = _MARKUP.sub(r"\\\1", " ".join(text.split()))
    return _DASHES.sub(r"\\\g<0>", plain)


def _is_told(template: str, texts: Mapping[str, str]) -> bool:
    named = [match[1] for match in _BRACES.finditer(template) if match[1]]
    return not any(texts.get(name, "").startswith((WITHHELD, NOT_ESTIMABLE)) for name in named)
