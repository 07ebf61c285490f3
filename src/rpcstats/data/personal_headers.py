"""Headers: which of them ask for personal data, and which of them are safe to repeat."""

import re
from typing import Final

from rpcstats.data.mapping import plain
from rpcstats.data.personal_patterns import IN_CODES
from rpcstats.data.raw import RawColumn
from rpcstats.data.tables import TABLES
from rpcstats.data.words import word_list

_LONGEST_HEADER: Final = 40
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def personal_word(header: str) -> str | None:
    """Find the word of a header that asks for personal data.

    Parameters
    ----------
    header : str
        A header as the council writes it.

    Returns
    -------
    str or None
        Our own word for it, never the header itself.
    """
    words = plain(_CAMEL.sub(" ", header)).split("_")
    joined = f" {' '.join(words)} "
    for pair in sorted(word_list("refused_phrases")):
        if f" {pair} " in joined:
            return pair
    for word in sorted(word_list("refused_words")):
        if word in words and not (word == "name" and word_list("things_with_names") & set(words)):
            return word
    return None


def label_of(column: RawColumn) -> str:
    """Name a column of the council's own without repeating what may be a cell value.

    Parameters
    ----------
    column : RawColumn
        A column of a file.

    Returns
    -------
    str
        The header where it is made of the usual words of headers, else the column's letter.
    """
    return f"`{column.header}`" if is_safe(column.header) else column.letter


def is_safe(header: str) -> bool:
    """Tell whether a header is surely a header, so that a message may repeat it.

    Parameters
    ----------
    header : str
        A header as the council writes it.

    Returns
    -------
    bool
        False where it may be a cell value, as in a file without a header row.
    """
    if re.search(r"\d{3}", header) or len(header) > _LONGEST_HEADER:
        return False
    if plain(header) in _own_codes():
        return False
    words = set(plain(_CAMEL.sub(" ", header)).split("_"))
    if not words <= word_list("usual_headers") | _own_words():
        return False
    return not any(found([header])[0] for name, found in IN_CODES.items() if name != "names")


def _own_words() -> frozenset[str]:
    return frozenset(
        word for table in TABLES.values() for name in table.names() for word in name.split("_")
    )


def _own_codes() -> frozenset[str]:
    return frozenset(
        code for table in TABLES.values() for column in table.columns for code in column.codes
    )
