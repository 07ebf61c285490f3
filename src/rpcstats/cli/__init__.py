"""The command line: `rpcstats papers`, `paper`, `check`, `simulate`, `reproduce`."""

from rpcstats.cli.app import app, main

__all__ = ["app", "main"]
