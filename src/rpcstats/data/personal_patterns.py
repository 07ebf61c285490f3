"""What names, addresses, numbers and free text of persons look like."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from types import MappingProxyType
from typing import Final

from rpcstats.data.mapping import plain
from rpcstats.data.registries import councils, instruments, programmes
from rpcstats.data.tables import TABLES
from rpcstats.data.words import word_list

_OUTWARD: Final = rf"(?:{'|'.join(sorted(word_list('postcode_areas')))})\d[A-Z\d]?"
_INWARD: Final = r"\d[ABD-HJLNP-UW-Z]{2}"
_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_POSTCODE: Final = re.compile(rf"\b{_OUTWARD}\s+{_INWARD}\b", re.IGNORECASE)
_COMPACT_POSTCODE: Final = re.compile(rf"{_OUTWARD}{_INWARD}", re.IGNORECASE)
_PHONE: Final = re.compile(r"(?:(?:\+|00)440?|0)[1-37-9]\d{8,9}")
_MOBILE: Final = re.compile(r"(?:(?:\+|00)440?|0)7[1-9]\d{8}")
_BARE_MOBILE: Final = re.compile(r"7[1-9]\d{8}")
_SEPARATORS: Final = re.compile(r"[\s().\-]+")
_NHS: Final = re.compile(r"[4-9]\d{2}[ -]?\d{3}[ -]?\d{4}")
_TITLE: Final = re.compile(
    r"\b(?:mr|mrs|ms|miss|mx|dr|prof|professor|rev|sir|lady)\b\.?\s+[^\W\d_]", re.IGNORECASE
)
_WORD: Final = r"[^\W\d_]+(?:['\u2019\-][^\W\d_]+)*\.?"
_WORDS: Final = re.compile(rf"{_WORD}(?:,? {_WORD}){{1,4}}")
_LEAST_COMPACT: Final = 3
_COMPACT_SHARE: Final = 0.5
_SHORTEST_NAME: Final = 3
_LEAST_NHS: Final = 3
_NHS_SHARE: Final = 0.8
_LONG_TEXT: Final = 60
_MANY_WORDS: Final = 5

Detector = Callable[[Sequence[str]], list[bool]]


def emails(texts: Sequence[str]) -> list[bool]:
    """Tell which texts hold an e-mail address.

    Parameters
    ----------
    texts : sequence of str
        Distinct texts of one column.

    Returns
    -------
    list of bool
        One for each text.
    """
    return ["@" in text and _EMAIL.search(text) is not None for text in texts]


def postcodes(texts: Sequence[str]) -> list[bool]:
    """Tell which texts hold a UK postcode.

    A postcode written without a blank looks like an opaque id, so that such a text counts
    only where most texts of the column do.

    Parameters
    ----------
    texts : sequence of str
        Distinct texts of one column.

    Returns
    -------
    list of bool
        One for each text.
    """
    spaced = [" " in text and _POSTCODE.search(text) is not None for text in texts]
    compact = [
        text[-1:].isalpha() and _COMPACT_POSTCODE.fullmatch(text) is not None for text in texts
    ]
    if sum(compact) >= max(_LEAST_COMPACT, _COMPACT_SHARE * len(texts)):
        return [one or other for one, other in zip(spaced, compact, strict=True)]
    return spaced


def phones(texts: Sequence[str]) -> list[bool]:
    """Tell which texts are UK telephone numbers.

    A number of a land line written in digits alone looks like an opaque id with leading
    zeros, so that it counts only where most texts of the column do.

    Parameters
    ----------
    texts : sequence of str
        Distinct texts of one column.

    Returns
    -------
    list of bool
        One for each text.
    """
    shaped = [
        text[:1] in "(+0" and _PHONE.fullmatch(_SEPARATORS.sub("", text)) is not None
        for text in texts
    ]
    if sum(shaped) >= _COMPACT_SHARE * len(texts):
        return shaped
    return [
        ok and (not text.isdigit() or _MOBILE.fullmatch(text) is not None)
        for ok, text in zip(shaped, texts, strict=True)
    ]


def bare_mobiles(texts: Sequence[str]) -> list[bool]:
    """Tell which texts are mobile numbers that a spreadsheet took the leading zero from.

    They look like opaque ids, so that they count only where most texts of the column do.

    Parameters
    ----------
    texts : sequence of str
        Distinct texts of one column.

    Returns
    -------
    list of bool
        One for each text.
    """
    bare = [_BARE_MOBILE.fullmatch(text) is not None for text in texts]
    return bare if sum(bare) >= _COMPACT_SHARE * len(texts) else [False] * len(texts)


def nhs_numbers(texts: Sequence[str]) -> list[bool]:
    """Tell which texts are NHS numbers.

    One in eleven numbers of ten digits passes the check digit, so that a number without
    blanks counts only where nearly all of its length pass, or where it stands out.

    Parameters
    ----------
    texts : sequence of str
        Distinct texts of one column.

    Returns
    -------
    list of bool
        One for each text.
    """
    shaped = [_NHS.fullmatch(text) is not None for text in texts]
    valid = [ok and _check_digit(text) for ok, text in zip(shaped, texts, strict=True)]
    spaced = [ok and not text.isdigit() for ok, text in zip(valid, texts, strict=True)]
    enough = sum(valid) >= _LEAST_NHS or sum(shaped) <= _COMPACT_SHARE * len(texts)
    if enough and sum(valid) >= _NHS_SHARE * sum(shaped):
        return valid
    return spaced


def _check_digit(text: str) -> bool:
    digits = [int(sign) for sign in text if sign.isdigit()]
    total = sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False))
    return (11 - total % 11) % 11 == digits[9]


def titled_names(texts: Sequence[str]) -> list[bool]:
    """Tell which texts hold a name with a title, such as Mr or Dr.

    Parameters
    ----------
    texts : sequence of str
        Distinct texts of one column.

    Returns
    -------
    list of bool
        One for each text.
    """
    return [" " in text and _TITLE.search(text) is not None for text in texts]


def full_names(texts: Sequence[str]) -> list[bool]:
    """Tell which texts are two or more capitalised words that no code or place uses.

    Parameters
    ----------
    texts : sequence of str
        Distinct texts of one column.

    Returns
    -------
    list of bool
        One for each text.
    """
    return [_is_name(text, any_case=False) for text in texts]


def wordy_ids(texts: Sequence[str]) -> list[bool]:
    """Tell which ids are two or more words without a digit, whatever their case.

    Parameters
    ----------
    texts : sequence of str
        Distinct ids of one column.

    Returns
    -------
    list of bool
        One for each id.
    """
    return [_is_name(text, any_case=True) for text in texts]


def single_names(texts: Sequence[str]) -> list[bool]:
    """Tell which ids are one capitalised word, where most ids of the column are.

    Parameters
    ----------
    texts : sequence of str
        Distinct ids of one column.

    Returns
    -------
    list of bool
        One for each id.
    """
    single = [text.isalpha() and text.istitle() and len(text) >= _SHORTEST_NAME for text in texts]
    return single if sum(single) >= _COMPACT_SHARE * len(texts) else [False] * len(texts)


def _is_name(text: str, *, any_case: bool) -> bool:
    if " " not in text or _WORDS.fullmatch(text) is None:
        return False
    words = text.replace(",", " ").split()
    if not any_case and not all(word[0].isupper() for word in words):
        return False
    if any(plain(word) in word_list("no_names") for word in words):
        return False
    return plain(text) not in _known_phrases()


@cache
def _known_phrases() -> frozenset[str]:
    phrases = {
        plain(code) for table in TABLES.values() for entry in table.columns for code in entry.codes
    }
    for registry in (programmes(), instruments(), councils()):
        phrases |= {plain(key) for key in registry}
        phrases |= {plain(entry.name) for entry in registry.values()}
    phrases |= {plain(entry.provider) for entry in programmes().values()}
    return frozenset(phrases)


def free_texts(texts: Sequence[str]) -> list[bool]:
    """Tell which texts are sentences: several lines, or many words.

    Parameters
    ----------
    texts : sequence of str
        Distinct texts of one column.

    Returns
    -------
    list of bool
        One for each text.
    """
    return [
        "\n" in text
        or "\r" in text
        or len(text.split()) >= _MANY_WORDS
        or (len(text) >= _LONG_TEXT and " " in text)
        for text in texts
    ]


def _named(texts: Sequence[str]) -> list[bool]:
    pairs = zip(titled_names(texts), full_names(texts), strict=True)
    return [titled or full for titled, full in pairs]


def _named_id(texts: Sequence[str]) -> list[bool]:
    pairs = zip(titled_names(texts), wordy_ids(texts), strict=True)
    return [titled or wordy for titled, wordy in pairs]


IN_PLACES: Final = MappingProxyType[str, Detector](
    {
        "e-mail addresses": emails,
        "postcodes": postcodes,
        "telephone numbers": phones,
        "NHS numbers": nhs_numbers,
    }
)
IN_NUMBERS: Final = MappingProxyType[str, Detector]({**IN_PLACES, "names": titled_names})
IN_TEXTS: Final = MappingProxyType[str, Detector]({**IN_NUMBERS, "free text": free_texts})
IN_CODES: Final = MappingProxyType[str, Detector]({**IN_TEXTS, "names": _named})
IN_IDS: Final = MappingProxyType[str, Detector]({**IN_TEXTS, "names": _named_id})
IN_PERSON_IDS: Final = MappingProxyType[str, Detector](
    {**IN_IDS, "first names or surnames": single_names}
)
IN_UNMAPPED: Final = MappingProxyType[str, Detector](
    {**IN_CODES, "telephone numbers without the leading zero": bare_mobiles}
)
