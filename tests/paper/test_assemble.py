import pytest

from rpcstats.errors import PaperError
from rpcstats.paper.assemble import assemble
from rpcstats.paper.pandoc import nodes, plain_text


def body_of(notebook):
    return plain_text(assemble(notebook).blocks)


def test_title_is_the_first_heading_and_what_follows_it_leads(finished):
    paper = assemble(finished)
    assert paper.title == "Who stays to the end?"
    assert plain_text(paper.lead) == "The question of this paper."
    assert "Who stays" not in plain_text(paper.blocks)


def test_code_is_never_shown(finished):
    assert "hidden_code" not in body_of(finished)


def test_exhibits_are_numbered_within_their_kind(finished):
    labels = {id: item.label for id, item in assemble(finished).exhibits.items()}
    assert labels == {
        "eq-km": "Equation 1",
        "fig-one": "Figure 1",
        "tbl-one": "Table 1",
        "fig-two": "Figure 2",
        "tbl-wide": "Table 2",
    }


def test_cross_references_become_links_with_the_number(finished):
    links = {
        node["c"][2][0]: plain_text(node["c"][1]).replace("\u00a0", " ")
        for node in nodes(assemble(finished).blocks, "Link")
    }
    assert links == {
        "#fig-one": "Figure 1",
        "#eq-km": "Equation 1",
        "#tbl-one": "Table 1",
        "#fig-two": "Figure 2",
    }


def test_a_reference_in_code_stays_as_written(draft):
    paper = draft().markdown("# T\n\n## A\n\nWrite `@fig-none` for a figure.").close()
    assert "@fig-none" in body_of(paper.notebook())


def test_escaped_text_prints_literally(finished, odd_text):
    assert f"A label {odd_text} here." in body_of(finished)


def test_reference_list_comes_last_where_something_is_cited(finished, draft):
    blocks = assemble(finished).blocks
    assert plain_text(blocks[-2]) == "References"
    assert blocks[-1]["c"][0][0] == "refs"
    bare = draft().markdown("# T\n\n## A\n\nNothing cited.").close()
    assert "References" not in body_of(bare.notebook())


def test_own_reference_heading_is_not_doubled(draft):
    paper = draft().markdown("# T\n\n## A\n\n@wilson1927\n\n## References").close()
    assert body_of(paper.notebook()).count("References") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# T\n\nSee @fig-on.", r"@fig-on refers to nothing; did you mean 'fig-one'\?"),
        ("# T\n\nAs @kaplan1985 did.", "no work 'kaplan1985'; did you mean 'kaplan1958'"),
        ("# T\n\n[@fig-one; @kaplan1958]", "write two brackets"),
        ("## A section", "the paper has no title"),
        ("# T\n\n# U", "'# U' is a second title; write a section as '## U'"),
        ("# T\n\n## A\n\n#### B", "the heading 'B' skips a level; write it with 3 #"),
        ("# T\n\n![x](https://example.org/a.png)", "show it with out.figure"),
    ],
)
def test_faults_of_a_paper_are_named(draft, text, message):
    with pytest.raises(PaperError, match=message):
        assemble(draft().markdown(text).figure().close().notebook())


def test_an_output_swallowed_by_an_open_fence_is_named(draft):
    paper = draft().markdown("# T\n\n```python\nnever closed").figure().markdown("```").close()
    with pytest.raises(PaperError, match="fig-one fell inside a code block"):
        assemble(paper.notebook())


def test_a_paper_must_have_been_closed(draft):
    with pytest.raises(PaperError, match=r"did not reach out\.close"):
        assemble(draft().markdown("# T").notebook())


def test_a_paper_is_opened_once(draft):
    twice = draft().emit("paper", {}).markdown("# T").close()
    with pytest.raises(PaperError, match="did so 2 times"):
        assemble(twice.notebook())


def test_an_id_is_shown_once(draft):
    with pytest.raises(PaperError, match="'fig-one' is shown twice"):
        assemble(draft().markdown("# T").figure().figure().close().notebook())


def test_a_failed_cell_stops_the_paper(draft):
    from nbformat.v4 import new_output

    paper = draft().markdown("# T").close()
    failed = new_output("error", ename="DataError", evalue="secret 42", traceback=[])
    paper.cells[0].outputs.append(failed)
    with pytest.raises(PaperError, match="a cell of the notebook failed: DataError") as caught:
        assemble(paper.notebook())
    assert "42" not in str(caught.value)


def test_raw_html_of_a_cell_is_text(draft):
    paper = draft().markdown("# T\n\n## A\n\n<script>alert(1)</script>").close()
    tree = assemble(paper.notebook())
    assert not list(nodes(tree.blocks, "RawInline")) + list(nodes(tree.blocks, "RawBlock"))
    assert "<script>" in plain_text(tree.blocks)
