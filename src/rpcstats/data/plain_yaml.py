"""YAML as a person expects it: yes and no are words, a key given twice is a fault."""

import re
from collections.abc import Hashable
from typing import Any, Final

import yaml

_BOOLEAN: Final = "tag:yaml.org,2002:bool"
_NULL: Final = "tag:yaml.org,2002:null"


class _PlainLoader(yaml.SafeLoader):
    """A safe loader in which only `true` and `false` are truth values."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = str(key_node.value)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, "a key is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOLEAN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_PlainLoader.add_implicit_resolver(_BOOLEAN, re.compile(r"^(?:true|false)$"), list("tf"))


class _TextLoader(_PlainLoader):
    """A loader that keeps every scalar as the text it is written in, so that 80.0 is not 80."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == _NULL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_yaml(text: str) -> object:
    """Read one YAML document.

    Parameters
    ----------
    text : str
        The document.

    Returns
    -------
    object
        Mappings, lists and scalars.

    Raises
    ------
    ValueError
        With the line and the problem, and nothing of the text, if it is malformed.
    """
    return _load(text, _PlainLoader)


def load_yaml_texts(text: str) -> object:
    """Read one YAML document, every scalar as it is written.

    Parameters
    ----------
    text : str
        The document.

    Returns
    -------
    object
        Mappings, lists, texts, and None for nothing.

    Raises
    ------
    ValueError
        With the line and the problem, and nothing of the text, if it is malformed.
    """
    return _load(text, _TextLoader)


def _load(text: str, loader: type[_PlainLoader]) -> object:
    try:
        return yaml.load(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = "a key is given twice" if _given_twice(error) else "the YAML is malformed"
        raise ValueError(f"line {line}: {problem}") from None
    except (yaml.YAMLError, ValueError):
        raise ValueError("the YAML is malformed, or a date in it is none") from None


def _given_twice(error: yaml.MarkedYAMLError) -> bool:
    return error.problem == "a key is given twice"
