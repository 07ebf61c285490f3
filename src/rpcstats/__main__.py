"""Run the command line with `python -m rpcstats`."""

from rpcstats.cli import main

if __name__ == "__main__":
    main()
