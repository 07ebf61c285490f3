"""A finished paper, as a notebook that was never run."""

from base64 import b64encode

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from rpcstats.paper.emit import mime

ODD = 'a|b*c_[x]$ <i>"q"</i> #1 @home {y} ~~z~~ \\n -- it\'s...'
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 200" width="400pt" '
    'height="200pt"><path d="M 10 10 L 390 190" stroke="#12436d" fill="none"/></svg>'
)
# One white pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)
PAPER = {
    "paper": "retention",
    "title": "",
    "subtitle": "Ashby, 1 October 2021 to 27 February 2024",
    "council": {"slug": "ashby", "name": "Ashby", "gss_code": None},
    "programmes": ["Arguing Better"],
    "period_start": "2021-10-01",
    "period_end": "2024-02-27",
    "data_cut": "2024-02-27",
    "policy": "council",
    "watermark": None,
    "synthetic": "Synthetic data: no row is a real person.",
    "version": "0.1.0",
}


class Draft:
    """Puts a notebook together, output by output."""

    def __init__(self, **paper: object) -> None:
        self.cells: list[NotebookNode] = []
        self.emit("paper", {**PAPER, **paper})

    def emit(self, kind, record, data=None, metadata=None):
        bundle = {"text/plain": kind, mime(kind): record, **(data or {})}
        output = new_output("display_data", data=bundle, metadata=metadata or {})
        self.cells.append(new_code_cell("hidden_code()", outputs=[output]))
        return self

    def markdown(self, text):
        self.cells.append(new_markdown_cell(text))
        return self

    def say(self, text):
        return self.emit("prose", {"markdown": text}, {"text/markdown": text})

    def figure(self, id="fig-one", *, shown=True, **more):
        record = {
            "id": id,
            "title": "Most parents stay",
            "subtitle": "Percentage still attending, Ashby",
            "source": "Council records",
            "alt": f"A falling line. {ODD}",
            "data": "time,estimate\n0,1\n1,0.9\n",
            "sha256": "0",
            "status": "released" if shown else "withheld",
            "actions": [] if shown else ["All counts are below 5"],
        } | more
        data = {"image/png": b64encode(PNG).decode()} if shown else {}
        return self.emit("figure", record, data, {"image/svg+xml": SVG} if shown else {})

    def table(self, id="tbl-one", **more):
        record = {
            "id": id,
            "title": "Three in five started",
            "note": "Rounded to 5.",
            "columns": ["Stage", "Parents"],
            "align": ["left", "right"],
            "rows": [["Referred", "310"], [ODD, "withheld"]],
            "data": "stage,n\nReferred,310\nStarted,\n",
            "sha256": "0",
            "status": "partly",
            "actions": ["1 count below 5 is withheld"],
        } | more
        return self.emit("table", record)

    def close(self):
        return self.emit("close", {"ledger": []})

    def notebook(self) -> NotebookNode:
        made = new_notebook(cells=self.cells)
        for i, cell in enumerate(made.cells):
            cell["id"] = f"cell-{i}"
        return made


@pytest.fixture(scope="session")
def draft():
    return Draft


@pytest.fixture(scope="session")
def odd_text():
    return ODD


@pytest.fixture(scope="session")
def finished(draft):
    """A paper with every kind of output."""
    from rpcstats.paper.prose import escape

    paper = draft()
    paper.markdown("# Who stays to the end?\n\nThe question of this paper.")
    paper.say(
        f"::: {{.summary}}\n## Summary\n\nA label {escape(ODD)} here.\n\n- See @fig-one.\n:::"
    )
    paper.markdown("## Methods\n\nWith $\\hat{S}(t)$ in @eq-km, after @kaplan1958.")
    tex = r"\hat{S}(t) = \prod_{t_i \le t} \left(1 - \frac{d_i}{n_i}\right)"
    paper.emit("equation", {"id": "eq-km", "tex": tex, "alt": "S hat is a <product> over times."})
    paper.markdown(
        "## Results\n\nSee [@tbl-one; @fig-two].\n\n| Term | Meaning |\n|--|--|\n| A | B |"
    )
    paper.figure().table().emit("value", {"id": "n", "value": None, "text": "withheld"})
    paper.figure("fig-two", shown=False)
    many = [[f"Council {i}", *["100"] * 11] for i in range(60)]
    heads = ["Council", *[f"Session {i}" for i in range(11)]]
    paper.table("tbl-wide", columns=heads, align=["left", *["right"] * 11], rows=many, note="")
    paper.markdown("## Data and definitions\n\nStarted\n:   Attended session 1.")
    return paper.emit("cite", {"keys": ["wilson1927"]}).close().notebook()
