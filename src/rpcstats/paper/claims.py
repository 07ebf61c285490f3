"""What an output must satisfy before it is shown: id, title, alt text, turn, disclosure."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Final, Literal

from rpcstats.errors import DisclosureError, PaperError, ParameterError
from rpcstats.paper.emit import current_cell
from rpcstats.paper.items import ID_PATTERNS

if TYPE_CHECKING:
    from rpcstats.disclosure import DisclosurePolicy

TITLE_WORDS: Final = 14
ALT_LENGTH: Final = 20
Named = Literal["figure", "table", "equation", "value"]
EXAMPLES: Final = {
    "figure": "fig-still-attending",
    "table": "tbl-funnel",
    "equation": "eq-kaplan-meier",
    "value": "n_started",
}


class Claims:
    """The ids given out so far, and whether the paper is still open.

    A notebook cell that is run a second time may repeat what it said, so a paper can be
    worked on cell by cell.
    """

    __slots__ = ("_cells", "_closed", "_ids")

    def __init__(self) -> None:
        self._ids: dict[str, tuple[str, int] | None] = {}
        self._cells: dict[str, int] = {}
        self._closed = False

    def turn(self) -> None:
        """Refuse an output once the paper is closed.

        Raises
        ------
        PaperError
            If the paper is closed and the running cell is new.
        """
        cell = current_cell()
        again = cell is not None and self._cells.setdefault(*cell) != cell[1]
        if self._closed and not again:
            raise PaperError(
                "this paper is closed: nothing may follow out.close(). "
                "Run the cell with paper.open again to start anew"
            )

    def close(self) -> None:
        """Take the last turn."""
        self.turn()
        self._closed = True

    def name(self, kind: Named, id: str, reserved: Container[str] = ()) -> None:
        """Give out an id, once.

        Parameters
        ----------
        kind : {"figure", "table", "equation", "value"}
            What the id names.
        id : str
            The id.
        reserved : container of str, optional
            Names that are never given out.

        Raises
        ------
        ParameterError
            If the id is malformed or taken.
        """
        self.turn()
        if not ID_PATTERNS[kind].fullmatch(id):
            faults = [f"'{id}' is not such an id; write one like '{EXAMPLES[kind]}'"]
            raise ParameterError(f"the id of a {kind}", faults)
        cell = current_cell()
        if id in reserved or (id in self._ids and not _rerun(self._ids[id], cell)):
            raise ParameterError(f"the id of a {kind}", [f"'{id}' is taken; choose another"])
        self._ids[id] = cell


def _rerun(before: tuple[str, int] | None, now: tuple[str, int] | None) -> bool:
    if before is None or now is None:
        return False
    return before[0] == now[0] and before[1] != now[1]


def check_title(id: str, title: str) -> None:
    """Refuse a title that is missing or too long to be a headline.

    Parameters
    ----------
    id : str
        Id of the output.
    title : str
        Its title, values not yet filled in.

    Raises
    ------
    ParameterError
        If it has no words or more than fourteen.
    """
    words = len(title.split())
    if not 0 < words <= TITLE_WORDS:
        faults = [f"it has {words} words; say the message in at most about 12"]
        raise ParameterError(f"the title of '{id}'", faults)


def check_disclosed(id: str, safe: object, rules: DisclosurePolicy) -> None:
    """Refuse what was not disclosed, or not by the rules of the paper.

    Parameters
    ----------
    id : str
        Id of the output.
    safe : object
        What is to be shown.
    rules : DisclosurePolicy
        The rules the paper was opened with.

    Raises
    ------
    DisclosureError
        If it is no `Disclosed`, or was disclosed by other rules.
    """
    from rpcstats.disclosure import is_disclosed

    if not is_disclosed(safe):
        raise DisclosureError(
            f"'{id}' was not disclosed: pass what disclose(result, policy) returns, "
            f"not a {type(safe).__name__}"
        )
    if not safe.follows(rules):
        raise DisclosureError(
            f"'{id}' was disclosed by the rules '{safe.policy}', but the paper was opened with "
            f"'{rules.name}': give both the same policy"
        )


def check_alt(id: str, *, alt: str, title: str) -> None:
    """Refuse an alt text that tells no more than the title.

    Parameters
    ----------
    id : str
        Id of the figure.
    alt : str
        The alt text.
    title : str
        The title.

    Raises
    ------
    ParameterError
        If the alt text is shorter than twenty characters or repeats the title.
    """
    if len(alt) < ALT_LENGTH or alt.rstrip(".").casefold() == title.rstrip(".").casefold():
        faults = [
            f"describe in at least {ALT_LENGTH} characters what the figure shows, "
            "beyond its title, for a reader who can't see it"
        ]
        raise ParameterError(f"the alt text of '{id}'", faults)
