"""Papers: what a notebook says, put together, rendered, and run again to be compared."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rpcstats.paper.build import build_paper as build_paper
    from rpcstats.paper.bundle import Bundle as Bundle
    from rpcstats.paper.opening import open_paper as open
    from rpcstats.paper.outputs import Outputs as Outputs
    from rpcstats.paper.parameters import PaperParameters as PaperParameters
    from rpcstats.paper.parameters import read_parameters as read_parameters
    from rpcstats.paper.parameters import resolve as resolve
    from rpcstats.paper.reproduction import Reproduction as Reproduction
    from rpcstats.paper.reproduction import reproduce as reproduce

# The papers' stack is large, so a name is fetched when it is first used.
_HOMES: Final = {
    "Bundle": ("rpcstats.paper.bundle", "Bundle"),
    "Outputs": ("rpcstats.paper.outputs", "Outputs"),
    "PaperParameters": ("rpcstats.paper.parameters", "PaperParameters"),
    "Reproduction": ("rpcstats.paper.reproduction", "Reproduction"),
    "build_paper": ("rpcstats.paper.build", "build_paper"),
    "open": ("rpcstats.paper.opening", "open_paper"),
    "read_parameters": ("rpcstats.paper.parameters", "read_parameters"),
    "reproduce": ("rpcstats.paper.reproduction", "reproduce"),
    "resolve": ("rpcstats.paper.parameters", "resolve"),
}

__all__ = [
    "Bundle",
    "Outputs",
    "PaperParameters",
    "Reproduction",
    "build_paper",
    "open",
    "read_parameters",
    "reproduce",
    "resolve",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
