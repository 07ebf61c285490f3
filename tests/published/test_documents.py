from rpcstats.disclosure import disclose
from rpcstats.published import cited_documents, published_figures


def test_each_document_of_the_figures_is_cited_once():
    figures = published_figures("northumberland")
    documents = cited_documents(figures).tidy()
    assert set(documents["source"]) == set(figures.tidy()["source"])
    assert documents["title"].str.len().gt(0).all()


def test_documents_may_be_shown():
    safe = disclose(cited_documents(published_figures("hertfordshire")), "council")
    assert safe.status == "released"


def test_no_figures_cite_nothing():
    assert cited_documents(published_figures("devon", required=False)).tidy().empty
