"""The documents that published figures come from."""

from dataclasses import dataclass, field

import pandas as pd

from rpcstats._vocabulary import ReleaseKind
from rpcstats.published.facts import Facts
from rpcstats.published.proportions import PublishedFigures


@dataclass(frozen=True, slots=True, eq=False)
class CitedDocuments:
    """Documents, as a paper cites them."""

    _frame: pd.DataFrame = field(repr=False)
    release_kind: ReleaseKind = "published"

    def tidy(self) -> pd.DataFrame:
        """Give one row per document.

        Returns
        -------
        DataFrame
            `source` (its key), `title`, `publisher`, `published`, `kind`.
        """
        return self._frame.copy()


def cited_documents(figures: PublishedFigures | Facts) -> CitedDocuments:
    """Give the documents that some published figures come from.

    Parameters
    ----------
    figures : PublishedFigures or Facts
        Published figures of a council, or all facts of a collection.

    Returns
    -------
    CitedDocuments
        A row per document.
    """
    sources = figures.sources if isinstance(figures, Facts) else figures.sources()
    return CitedDocuments(sources.reset_index(drop=True))
