"""A simulation written as a council's folder."""

from pathlib import Path
from typing import Any, Final

import yaml

from rpcstats.data.council_file import COUNCIL_FILE, read_council_file
from rpcstats.data.tables import TABLES
from rpcstats.errors import ParameterError
from rpcstats.simulate.frames import csv_text
from rpcstats.simulate.marginal import goal_truth, retention_truth, satisfaction_truth
from rpcstats.simulate.simulation import Simulation

DIGITS: Final = 6
"""Significant digits of the true values written, so that every platform writes the same."""

_README: Final = """\
SYNTHETIC DATA. No row is a real person.

The tables in this folder were drawn by a computer from a model, with

    rpcstats simulate {preset} --seed {seed} --mode {mode} --to FOLDER

Their margins {margins}.
truth.yml holds the parameters they were drawn from, where each comes from, the margins,
the true values an analysis should recover, and what is assumed.
"""
_MARGINS: Final = {
    "exact": "equal the figures published for {name}",
    "expectation": "vary around those of {name}",
    "exact, unpublished": "are assumed: no figure is published for {name}",
    "expectation, unpublished": "vary around what is assumed for {name}",
}


def write_simulation(simulation: Simulation, folder: str | Path) -> Path:
    """Write a synthetic extract as a council's folder, with the truth behind it.

    Parameters
    ----------
    simulation : Simulation
        What `simulate_extract` gives.
    folder : str or Path
        The folder; a synthetic extract in it is replaced.

    Returns
    -------
    Path
        The folder, with `council.yml`, a CSV a table, `truth.yml` and `README.txt`.

    Raises
    ------
    ParameterError
        If the folder holds data that do not say that they are synthetic.
    """
    to = Path(folder)
    _refuse_real_data(to)
    to.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        (to / f"{name}.csv").unlink(missing_ok=True)
    for name, frame in simulation.tables.items():
        _write(to / f"{name}.csv", csv_text(frame))
    _write(to / COUNCIL_FILE, _council_text(simulation))
    _write(to / "truth.yml", _truth_text(simulation))
    kind = simulation.mode if simulation.preset.printed else f"{simulation.mode}, unpublished"
    margins = _MARGINS[kind].format(name=simulation.preset.name)
    readme = _README.format(
        preset=simulation.preset.key, seed=simulation.seed, mode=simulation.mode, margins=margins
    )
    _write(to / "README.txt", readme)
    return to


def _refuse_real_data(folder: Path) -> None:
    written = [f"{name}.csv" for name in TABLES] + [COUNCIL_FILE]
    if not any((folder / name).exists() for name in written):
        return
    council, _ = read_council_file(folder)
    if council is None or council.synthetic is None:
        raise ParameterError(
            f"{folder} holds data that do not say that they are synthetic",
            ["nothing was written; name another folder"],
        )


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8"))


def _council_text(simulation: Simulation) -> str:
    council = simulation.extract.council
    lines = [
        f"# {council.synthetic} Drawn by `rpcstats simulate {simulation.preset.key}`.",
        f"council: {council.slug}",
        f"name: {council.name}",
        f"gss_code: {council.gss_code}",
        f"programmes: [{', '.join(council.programmes)}]",
        f"period: {{start: {council.period_start}, end: {council.period_end}}}",
        f"data_cut: {council.data_cut}",
        f"first_stage: {council.first_stage}",
        "date_format: iso",
        "synthetic:",
        f"  preset: {simulation.preset.key}",
        f"  mode: {simulation.mode}",
        f"  seed: {simulation.seed}",
        f'  note: "{council.synthetic}"',
    ]
    return "\n".join(lines) + "\n"


def _truth_text(simulation: Simulation) -> str:
    entry = simulation.preset
    record = {
        "preset": entry.key,
        "description": entry.description,
        "mode": simulation.mode,
        "seed": simulation.seed,
        "true_values": _true_values(simulation),
        "margins": {key: dict(counts) for key, counts in simulation.margins.items()},
        "printed": [
            {"figure": p.figure, "percent": p.percent, "count": p.count, "base": p.base}
            for p in entry.printed
        ],
        "assumptions": list(entry.assumptions),
        "parameters": {
            p.name: {"value": _plain(p.value), "unit": p.unit, "origin": p.origin, "basis": p.basis}
            for p in simulation.truth.parameters(entry.origins)
        },
    }
    text = yaml.safe_dump(record, sort_keys=False, width=96, allow_unicode=True)
    return f"# {simulation.extract.council.synthetic} This is the truth it was drawn from.\n{text}"


def _true_values(simulation: Simulation) -> dict[str, Any]:
    """Give the population values that have a closed form, or are stored with the preset."""
    truth, entry = simulation.truth, simulation.preset
    values: dict[str, Any] = {
        "population": "starters with nobody waiting and nobody censored; every programme alike"
    }
    if truth.psi == 0.0 and truth.hazards:
        least = min(course.minimum_attended for course in simulation.extract.programmes.values())
        retention = retention_truth(truth, minimum_attended=least)
        values["survival_after_session"] = _plain(retention.survival)
        values["retained"] = _plain(retention.retained)
        values["completed"] = _plain(retention.completed)
        values["mean_sessions_attended"] = _plain(retention.mean_attended)
        if truth.p_online > 0.0:
            values["dropout_online"] = _plain(retention.dropout_online)
        if truth.p_online < 1.0:
            values["dropout_in_person"] = _plain(retention.dropout_in_person)
    if entry.goals and truth.is_ignorable:
        goals = goal_truth(truth)
        values["goal_change_starters_last_level"] = _plain(goals.starters_last_level)
        values["goal_change_starters_had_all_finished"] = _plain(goals.starters_had_all_finished)
        values["goal_change_stayed"] = _plain(goals.stayed)
        values["goal_change_stayed_at_6_months"] = _plain(goals.stayed_m6)
        values["goal_change_stayed_at_12_months"] = _plain(goals.stayed_m12)
    if entry.satisfaction is not None:
        shares = satisfaction_truth(truth)
        values["satisfaction_at_least"] = {
            answer: _plain(share) for answer, share in enumerate(shares, start=2)
        }
    if truth is entry.truth and entry.stored_truth:
        values["simulated"] = dict(entry.stored_truth)
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
