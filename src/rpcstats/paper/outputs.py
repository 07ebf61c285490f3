"""What a notebook says: figures, tables, numbers, prose and equations, disclosed or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal

from rpcstats.errors import ParameterError
from rpcstats.paper import emit
from rpcstats.paper.claims import Claims, check_alt, check_disclosed, check_title
from rpcstats.paper.pictures import draw_pictures
from rpcstats.paper.prose import Template, escape, fill
from rpcstats.paper.records import evidence, table_record
from rpcstats.paper.references import check_keys
from rpcstats.paper.values import ValueFormat, read_value, rows_of, select_row

if TYPE_CHECKING:
    from rpcstats.disclosure import Disclosed, DisclosurePolicy
    from rpcstats.tables.columns import Format

TOLERANCE: Final = 1e-6  # versions and machines differ by rounding error; counts must be equal


class Outputs:
    """Everything one paper shows, in order.

    Parameters
    ----------
    texts : mapping of str to str
        Texts that templates may name.
    rules : DisclosurePolicy
        The rules that everything shown has to follow.
    """

    __slots__ = ("_builtin", "_claims", "_ledger", "_rules", "_texts")

    def __init__(self, texts: Mapping[str, str], rules: DisclosurePolicy) -> None:
        self._rules = rules
        self._texts = dict(texts)
        self._builtin = frozenset(texts)
        self._claims = Claims()
        self._ledger: dict[str, dict[str, object]] = {}

    def figure(
        self,
        id: str,
        safe: Disclosed,
        *,
        title: Template,
        subtitle: str,
        source: str,
        alt: Template,
        empty: str = "",
        **options: object,
    ) -> None:
        """Show a figure drawn from a disclosed result.

        Parameters
        ----------
        id : str
            ``fig-`` and lower-case words; prose refers to it as ``@fig-...``.
        safe : Disclosed
            What ``disclose`` returned.
        title : str
            The message of the figure, in at most about twelve words.
        subtitle : str
            The measure, the place and the period.
        source : str
            Where the data come from.
        alt : str
            What a reader who can't see the figure needs to know.
        empty : str, optional
            What is said in its place if the result has no row.
        **options : object
            Passed to ``rpcstats.figures.draw``.

        Raises
        ------
        DisclosureError
            If `safe` was not disclosed.
        ParameterError
            If a text or the id is not fit for a paper.
        """
        self._claims.name("figure", id)
        check_disclosed(id, safe, self._rules)
        if empty and not len(safe.frame):
            emit.publish_prose(escape(self._text(id, "empty", empty)))
            return
        head = self._text(id, "title", title), self._text(id, "alt", alt)
        check_title(id, head[0])
        check_alt(id, alt=head[1], title=head[0])
        record = {
            "id": id,
            "title": head[0],
            "subtitle": self._text(id, "subtitle", subtitle),
            "source": self._text(id, "source", source),
            "alt": head[1],
            **evidence(safe, safe.frame),
        }
        emit.publish_figure(record, *draw_pictures(safe, options))
        self._keep(id, safe)

    def table(
        self,
        id: str,
        safe: Disclosed,
        *,
        title: Template,
        note: str = "",
        columns: Sequence[str] | None = None,
        labels: Mapping[str, str] | None = None,
        formats: Mapping[str, Format] | None = None,
        names: Mapping[str, Mapping[str, str]] | None = None,
        frame: Literal["tidy", "glance"] = "tidy",
        empty: str = "",
    ) -> None:
        """Show a table of a disclosed result.

        Parameters
        ----------
        id : str
            ``tbl-`` and lower-case words; prose refers to it as ``@tbl-...``.
        safe : Disclosed
            What ``disclose`` returned.
        title : str
            The message of the table, in at most about twelve words.
        note : str, optional
            What a reader needs to read it.
        columns : sequence of str, optional
            Which columns, in which order; all by default.
        labels : mapping of str to str, optional
            Column name to the heading that is printed.
        formats : mapping of str to str, optional
            Column name to ``count``, ``percent``, ``points``, ``number``, ``p_value``, ``text``.
        names : mapping, optional
            Column name to code to words.
        frame : {"tidy", "glance"}, default "tidy"
            The rows of the result, or its summary.
        empty : str, optional
            What the table says if there is no row.

        Raises
        ------
        DisclosureError
            If `safe` was not disclosed.
        ParameterError
            If a text or the id is not fit for a paper.
        """
        self._claims.name("table", id)
        check_disclosed(id, safe, self._rules)
        heading = self._text(id, "title", title)
        check_title(id, heading)
        rows = rows_of(safe, frame, name=id)
        record, own_note, html = table_record(
            safe, rows, columns, empty=empty, labels=labels, formats=formats, names=names
        )
        head = {
            "id": id,
            "title": heading,
            "note": " ".join(filter(None, (self._text(id, "note", note), own_note))),
        }
        emit.publish_table(head | record, html)
        self._keep(id, safe)

    def value(
        self,
        id: str,
        safe: Disclosed,
        *,
        column: str = "estimate",
        where: Mapping[str, object] | None = None,
        format: ValueFormat = "number",
        frame: Literal["tidy", "glance"] = "tidy",
        tolerance: float | None = None,
        scale: Literal["percent", "number"] = "percent",
        conf_level: float = 0.95,
    ) -> None:
        """Register one number of a disclosed result, for prose to quote as ``{id}``.

        Parameters
        ----------
        id : str
            Lower-case words joined by underscores.
        safe : Disclosed
            What ``disclose`` returned.
        column : str, default "estimate"
            The column to read.
        where : mapping of str to object, optional
            Column to the value it must equal, until one row is left.
        format : {"percent", "count", "number", "p_value", "interval", "text"}
            How to print; ``interval`` gives "62% (95% interval 49% to 74%)".
        frame : {"tidy", "glance"}, default "tidy"
            The rows of the result, or its one-row summary.
        tolerance : float, optional
            How far a reproduction may differ. Default 0 for counts and texts, else 1e-6.
        scale : {"percent", "number"}, default "percent"
            Scale of an ``interval``.
        conf_level : float, default 0.95
            Level an ``interval`` names.

        Raises
        ------
        DisclosureError
            If `safe` was not disclosed.
        ParameterError
            If not exactly one cell is meant.
        """
        self._claims.name("value", id, self._builtin)
        check_disclosed(id, safe, self._rules)
        row = select_row(rows_of(safe, frame, name=id), where or {}, name=id)
        partly = safe.status != "released"
        picked = read_value(
            row, column, format, name=id, partly=partly, scale=scale, conf_level=conf_level
        )
        exact = format in ("count", "text")
        record = {
            "id": id,
            "value": picked.number,
            "text": picked.text,
            "tolerance": tolerance if tolerance is not None else (0.0 if exact else TOLERANCE),
        }
        emit.publish_value(record)
        self._texts[id] = picked.text
        self._keep(id, safe)

    def say(self, template: Template) -> None:
        """Show prose, with registered numbers filled in.

        Parameters
        ----------
        template : str or sequence of str
            Markdown with value ids in braces. ``{{`` and ``}}`` print braces, and a fenced
            block ``::: {.summary}`` makes the summary box.

        Raises
        ------
        ParameterError
            If it names a value that is not registered.
        """
        self._claims.turn()
        emit.publish_prose(fill(template, self._texts, where="the passage", markdown=True))

    def equation(self, id: str, tex: str, *, alt: str) -> None:
        """Show a numbered equation.

        Parameters
        ----------
        id : str
            ``eq-`` and lower-case words; prose refers to it as ``@eq-...``.
        tex : str
            The formula in TeX, without dollar signs.
        alt : str
            The formula in words, as one would read it aloud.

        Raises
        ------
        ParameterError
            If the id or the words are not fit for a paper.
        """
        self._claims.name("equation", id)
        words = self._text(id, "alt", alt)
        if not words or words == tex.strip():
            raise ParameterError(f"equation '{id}'", ["alt= must say the formula in words"])
        emit.publish_equation({"id": id, "tex": tex.strip(), "alt": words})

    def cite(self, *keys: str) -> None:
        """Add works to the reference list that the prose does not cite.

        Parameters
        ----------
        *keys : str
            Keys of the package's bibliography.

        Raises
        ------
        ParameterError
            If a key is not in the bibliography.
        """
        self._claims.turn()
        check_keys(keys)
        emit.publish_list("cite", "keys", keys, f"References: {', '.join(keys)}")

    def close(self) -> None:
        """End the paper: show the ledger.

        Raises
        ------
        PaperError
            If the paper was closed before.
        """
        self._claims.close()
        entries = list(self._ledger.values())
        emit.publish_list("close", "ledger", entries, f"{len(entries)} outputs in the ledger")

    def _text(self, id: str, part: str, template: Template) -> str:
        return " ".join(fill(template, self._texts, where=f"the {part} of '{id}'").split())

    def _keep(self, id: str, safe: Disclosed) -> None:
        self._ledger[id] = {"output": id, **safe.entry.to_record()}
