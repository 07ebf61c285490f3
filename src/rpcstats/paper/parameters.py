"""A paper's parameters: read from its notebook, checked before anything runs."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from rpcstats.errors import ParameterError
from rpcstats.paper.parameter_cell import (
    Parameter,
    parameter_source,
    parse_parameters,
    read_notebook_json,
    title_and_question,
)
from rpcstats.paper.parameter_rules import plain_value, rule_for

_TRUTH: Final = {"true": True, "yes": True, "false": False, "no": False}
_WHOLE: Final = re.compile(r"[+-]?\d+")


@dataclass(frozen=True, slots=True, eq=False)
class PaperParameters:
    """The parameters a notebook declares.

    Attributes
    ----------
    paper : str
        Name of the notebook, without ``.ipynb``.
    title : str
        Its first heading.
    question : str
        The line below the heading.
    parameters : tuple of Parameter
        In the order of the parameters cell.
    """

    paper: str
    title: str
    question: str
    parameters: tuple[Parameter, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, in order."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def types(self) -> Mapping[str, str]:
        """Declared type of each parameter."""
        return MappingProxyType({item.name: item.type for item in self.parameters})

    @property
    def defaults(self) -> Mapping[str, object]:
        """Default of each parameter."""
        return MappingProxyType({item.name: item.default for item in self.parameters})

    @property
    def help(self) -> Mapping[str, str]:
        """Help text of each parameter."""
        return MappingProxyType({item.name: item.help for item in self.parameters})

    def model(self) -> type[BaseModel]:
        """Build the pydantic model that checks the parameters.

        Returns
        -------
        type of BaseModel
            Strict, with no room for an unknown name.
        """
        fields = {
            item.name: (rule_for(item.name, item.type).annotation, item.default)
            for item in self.parameters
        }
        settings = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
        built: type[BaseModel] = create_model(  # type: ignore[call-overload]  # the fields are known at run time only
            "PaperParametersModel", __config__=settings, **fields
        )
        return built

    def validate(self, given: Mapping[str, object]) -> dict[str, object]:
        """Check values and fill in the defaults.

        Parameters
        ----------
        given : mapping of str to object
            Values by name; dates may be dates or ISO text.

        Returns
        -------
        dict of str to object
            A value for every parameter, in declared order, as JSON types.

        Raises
        ------
        ParameterError
            With every unknown name and every value that does not fit.
        """
        faults = self.faults({**self.defaults, **given})
        if faults:
            raise ParameterError(f"{_count(faults)} in the parameters of '{self.paper}'", faults)
        return self._filled(given)

    def faults(self, given: Mapping[str, object]) -> list[str]:
        """List what is wrong with some values.

        Parameters
        ----------
        given : mapping of str to object
            Values by name; a parameter that is not named is not checked.

        Returns
        -------
        list of str
            One sentence a fault, with what to write instead.
        """
        values = {str(name): plain_value(value) for name, value in given.items()}
        try:
            self.model().model_validate({**self.defaults, **values})
        except ValidationError as exc:
            names = dict.fromkeys(str(error["loc"][0]) for error in exc.errors())
            return [self._fault(name, values[name]) for name in names if name in values]
        return []

    def from_strings(self, settings: Sequence[str]) -> dict[str, object]:
        """Read settings as they are typed at a terminal.

        Parameters
        ----------
        settings : sequence of str
            Such as ``["conf_level=0.9", "compare=[mode, sex]"]``. A list or a
            mapping is written as YAML, a text is taken as it stands.

        Returns
        -------
        dict of str to object
            Values by name; `validate` checks them.

        Raises
        ------
        ParameterError
            With every setting that can't be read.
        """
        values: dict[str, object] = {}
        faults = []
        for setting in settings:
            name, equals, text = (part.strip() for part in setting.partition("="))
            if not equals or not name:
                faults.append(f"'{setting}' has no name or no '='; write name=value")
            elif name in values:
                faults.append(f"{name}: given twice; keep one")
            elif name not in self.names:
                faults.append(self._unknown(name))
            else:
                try:
                    values[name] = _READERS[self.types[name]](text)
                except (ValueError, KeyError, yaml.YAMLError):
                    faults.append(self._fault(name, text))
        faults += self.faults(values) if faults else []
        if faults:
            raise ParameterError(f"{_count(faults)} in the settings of '{self.paper}'", faults)
        return values

    def _filled(self, given: Mapping[str, object]) -> dict[str, object]:
        values = {name: plain_value(value) for name, value in given.items()}
        checked = self.model().model_validate({**self.defaults, **values})
        return checked.model_dump(mode="json")

    def _fault(self, name: str, value: object) -> str:
        if name not in self.names:
            return self._unknown(name)
        rule = rule_for(name, self.types[name])
        kind = " (a text)" if isinstance(value, str) and self.types[name] != "str" else ""
        return f"{name}: write {rule.expects}, not {value!r}{kind}"

    def _unknown(self, name: str) -> str:
        near = get_close_matches(name, self.names, n=1)
        if near:
            return f"{name}: this paper has no such parameter; did you mean '{near[0]}'?"
        return f"{name}: this paper has no such parameter; it has {', '.join(self.names) or 'none'}"


def read_parameters(notebook: str | Path) -> PaperParameters:
    """Read the parameters a notebook declares, without running it.

    Parameters
    ----------
    notebook : str or Path
        An ``.ipynb`` file with one cell tagged ``parameters``, whose lines are
        ``name: type = default  # help``.

    Returns
    -------
    PaperParameters
        Names, types, defaults and help, the paper's title and its question.

    Raises
    ------
    ParameterError
        If the notebook or its parameters cell can't be read, or a default
        breaks its own rule.

    Notes
    -----
    The type of a parameter is one of str, int, float, bool, list and dict. A
    name of the shared vocabulary (`conf_level`, `data_cut`, `policy`, `tau`
    and so on) accepts the same values in every paper.
    """
    path = Path(notebook)
    content = read_notebook_json(path)
    title, question = title_and_question(content, path.stem)
    declared = parse_parameters(parameter_source(content, path.name), path.name)
    parameters = PaperParameters(path.stem, title, question, declared)
    faults = parameters.faults(parameters.defaults)
    if faults:
        raise ParameterError(f"a default of {path.name} can't stand", faults)
    return parameters


def resolve(
    parameters: PaperParameters,
    council_overrides: Mapping[str, object],
    given: Mapping[str, object],
) -> dict[str, object]:
    """Lay the values of a council and of this run over a paper's defaults.

    Parameters
    ----------
    parameters : PaperParameters
        The declared parameters.
    council_overrides : mapping of str to object
        This paper's entry in the ``papers:`` block of ``council.yml``.
    given : mapping of str to object
        Values for this run; they win.

    Returns
    -------
    dict of str to object
        A value for every parameter, as JSON types.

    Raises
    ------
    ParameterError
        With every fault and the source it comes from.
    """
    source = f"council.yml, papers: {parameters.paper}: "
    faults = [source + fault for fault in parameters.faults(council_overrides)]
    faults += parameters.faults(given)
    if faults:
        raise ParameterError(f"{_count(faults)} in the parameters of '{parameters.paper}'", faults)
    return parameters.validate({**council_overrides, **given})


def _count(faults: Sequence[str]) -> str:
    return "1 fault" if len(faults) == 1 else f"{len(faults)} faults"


def _whole_number(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError("not a whole number")
    return int(text)


def _yaml(text: str) -> object:
    return plain_value(yaml.safe_load(text))


_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "str": str,
    "int": _whole_number,
    "float": float,
    "bool": lambda text: _TRUTH[text.lower()],
    "list": _yaml,
    "dict": _yaml,
}
