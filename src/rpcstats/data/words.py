"""Lists of words by which personal data are known."""

from functools import cache
from importlib.resources import files

from rpcstats.data.plain_yaml import load_yaml


@cache
def word_list(name: str) -> frozenset[str]:
    """Read one list of words.

    Parameters
    ----------
    name : str
        Key of `registry/personal_words.yml`.

    Returns
    -------
    frozenset of str
        The words, or phrases.

    Raises
    ------
    KeyError
        If there is no such list.
    """
    text = files("rpcstats.data").joinpath("registry", "personal_words.yml").read_text("utf-8")
    lists = load_yaml(text)
    words = lists[name] if isinstance(lists, dict) else None
    return frozenset(words.split() if isinstance(words, str) else words or ())
