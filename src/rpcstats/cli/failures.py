"""One plain message and one exit code for whatever goes wrong."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer

from rpcstats.errors import ParameterError, RpcstatsError

DONE: Final = 0
NOT_AS_IT_SHOULD_BE: Final = 1
CALLED_WRONGLY: Final = 2
UNEXPECTED: Final = 3
INTERRUPTED: Final = 130

EXIT_CODES: Final = (
    "Exit codes: 0 done; 1 faults found, a paper that failed, or a bundle that does not "
    "reproduce; 2 the command was called wrongly; 3 an unexpected error; 130 interrupted."
)


@contextmanager
def plainly() -> Iterator[None]:
    """Turn any error of the block into a message on standard error and an exit code."""
    try:
        yield
    except ParameterError as error:
        raise _exit(str(error), CALLED_WRONGLY) from None
    except RpcstatsError as error:
        raise _exit(str(error), NOT_AS_IT_SHOULD_BE) from None
    except KeyboardInterrupt:
        raise _exit("Stopped. Nothing half-written was left behind.", INTERRUPTED) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        if os.environ.get("RPCSTATS_DEBUG"):
            raise
        # The text of a foreign error may quote a cell of the data: only its type is shown.
        message = (
            f"Unexpected error ({type(error).__name__}). Set RPCSTATS_DEBUG=1 to see where; "
            "that output may show data, so do not publish it."
        )
        raise _exit(message, UNEXPECTED) from None


def _exit(message: str, code: int) -> typer.Exit:
    sys.stderr.write(message.rstrip() + "\n")
    return typer.Exit(code)
