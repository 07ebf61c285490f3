"""The commands. Each loads what it needs when it is called, so that help is quick."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from rpcstats.cli.failures import EXIT_CODES, NOT_AS_IT_SHOULD_BE, plainly

Mode = Literal["exact", "expectation"]
Rounding = Literal["half_up", "half_even", "floor", "nearest5", "nearest10"]
Policy = Literal["council", "tre", "opensafely", "internal"]


class Format(StrEnum):
    """What a paper may be written as."""

    html = "html"
    pdf = "pdf"
    docx = "docx"


app = typer.Typer(
    name="rpcstats",
    help="Evaluation papers from a council's extract: retention, goal progress, and proof.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line."""
    app(prog_name="rpcstats")


def _known_papers(incomplete: str) -> list[str]:
    from rpcstats.data.locate import list_notebooks

    return [name for name in list_notebooks() if name.startswith(incomplete)]


def _known_councils(incomplete: str) -> list[str]:
    from rpcstats.data.locate import list_councils

    return [slug for slug in list_councils() if slug.startswith(incomplete)]


def _known_presets(incomplete: str) -> list[str]:
    from rpcstats.simulate import list_presets

    return [name for name in list_presets() if name.startswith(incomplete)]


Council = Annotated[
    str,
    typer.Argument(
        metavar="COUNCIL",
        help="A folder under data/councils, or a path to a council folder.",
        autocompletion=_known_councils,
    ),
]


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"rpcstats {version('rpcstats')}")
        raise typer.Exit


@app.callback()
def _root(
    _version_asked: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    return


@app.command()
def papers() -> None:
    """List the papers and their parameters."""
    with plainly():
        from rpcstats.cli.show import show_papers

        show_papers()


@app.command()
def paper(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A paper from `rpcstats papers`, or a path to a notebook.",
            autocompletion=_known_papers,
        ),
    ],
    council: Annotated[
        str | None,
        typer.Option(
            "--council",
            "-c",
            help="A folder under data/councils, or a path; the paper's default if left out.",
            autocompletion=_known_councils,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", "-s", metavar="NAME=VALUE", help="Set a parameter; may be repeated."),
    ] = None,
    to: Annotated[Path, typer.Option("--to", help="Where papers are built.")] = Path("build"),
    formats: Annotated[
        list[Format] | None,
        typer.Option("--format", "-f", help="Write only this format; may be repeated."),
    ] = None,
) -> None:
    """Make a paper: HTML, PDF and Word in build/NAME/COUNCIL."""
    with plainly():
        from rpcstats.cli.show import progress, show_bundle
        from rpcstats.data.locate import find_notebook
        from rpcstats.paper import build_paper, read_parameters

        notebook = find_notebook(name)
        given = read_parameters(notebook).from_strings(settings or [])
        with progress() as on_step:
            bundle = build_paper(
                notebook,
                council=council,
                given=given,
                out=to,
                formats=[one.value for one in formats or Format],
                on_step=on_step,
            )
        show_bundle(bundle)


@app.command()
def check(council: Council) -> None:
    """List every fault of an extract, and the mend."""
    with plainly():
        from rpcstats.cli.show import show_check

        if not show_check(council):
            raise typer.Exit(NOT_AS_IT_SHOULD_BE)


@app.command()
def simulate(
    preset: Annotated[
        str,
        typer.Argument(
            metavar="PRESET",
            help="A preset, such as herts_pws or northumberland_digital.",
            autocompletion=_known_presets,
        ),
    ],
    to: Annotated[Path, typer.Option("--to", help="The council folder to write.")],
    seed: Annotated[int | None, typer.Option(help="Seed; the preset's own if left out.")] = None,
    mode: Annotated[
        Mode, typer.Option(help="exact: margins as published; expectation: plain draws.")
    ] = "exact",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a folder that is there.")
    ] = False,
) -> None:
    """Write a synthetic extract with known truth. No row is a real person."""
    with plainly():
        from rpcstats.cli.show import show_simulation

        show_simulation(preset, to=to, seed=seed, mode=mode, overwrite=overwrite)


@app.command()
def audit(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Figures as CSV, XLSX or YAML with columns measure and value, or a folder.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page to this file.")] = None,
    rounding: Annotated[Rounding, typer.Option(help="How figures were rounded.")] = "half_up",
    policy: Annotated[Policy, typer.Option(help="Rule for small counts.")] = "council",
    everything: Annotated[
        bool, typer.Option("--all", help="Print notes too, not only errors and warnings.")
    ] = False,
) -> None:
    """Check whether printed figures can be true together."""
    with plainly():
        from rpcstats.cli.show_audit import show_audit

        sound = show_audit(
            file,
            as_json=as_json,
            html=html,
            rounding=rounding,
            policy=policy,
            everything=everything,
        )
        if not sound:
            raise typer.Exit(NOT_AS_IT_SHOULD_BE)


@app.command()
def reproduce(
    bundle: Annotated[
        Path,
        typer.Argument(metavar="BUNDLE", help="A folder that `rpcstats paper` wrote."),
    ],
    council: Annotated[
        str | None,
        typer.Option("--council", "-c", help="Where the data are, if they have moved."),
    ] = None,
) -> None:
    """Run a paper again and compare every number."""
    with plainly():
        from rpcstats.cli.show import progress, show_reproduction
        from rpcstats.paper import reproduce as run_again

        with progress() as on_step:
            outcome = run_again(bundle, council=council, on_step=on_step)
        if not show_reproduction(outcome):
            raise typer.Exit(NOT_AS_IT_SHOULD_BE)
