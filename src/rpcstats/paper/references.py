"""The package's bibliography: which works a paper may cite."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from rpcstats.errors import ParameterError
from rpcstats.paper.prose import did_you_mean

BIBLIOGRAPHY: Final = Path(__file__).with_name("references.bib")
_ENTRY: Final = re.compile(r"^@\w+\{([^,\s]+),", re.MULTILINE)


@cache
def reference_keys() -> tuple[str, ...]:
    """List the works a paper may cite.

    Returns
    -------
    tuple of str
        Keys of the bibliography, in its order.
    """
    return tuple(_ENTRY.findall(BIBLIOGRAPHY.read_text(encoding="utf-8")))


def check_keys(keys: Iterable[str]) -> None:
    """Refuse a citation of a work that is not in the bibliography.

    Parameters
    ----------
    keys : iterable of str
        Keys that are cited.

    Raises
    ------
    ParameterError
        If one is not known.
    """
    known = list(reference_keys())
    unknown = [key for key in dict.fromkeys(keys) if key not in known]
    if unknown:
        faults = [f"no work '{key}'; {did_you_mean(key, known)}" for key in unknown]
        raise ParameterError("the paper cites works that the bibliography does not hold", faults)
