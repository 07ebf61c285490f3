"""Make a published paper again, and compare it item by item, number by number."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd

from rpcstats.errors import ReproductionError, RpcstatsError
from rpcstats.paper import manifest as manifests
from rpcstats.paper.build import build_paper
from rpcstats.paper.emit import sha256
from rpcstats.paper.item_differences import compare_items

Result = Literal["reproduced", "differs", "missing", "extra", "altered", "failed"]
OnStep = Callable[[str], None]
COLUMNS: Final = ("kind", "id", "result", "detail")


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one file or item.

    Attributes
    ----------
    kind : str
        ``file``, ``data``, ``records``, ``notebook``, ``run``, or the kind of an item.
    id : str
        Name of the file, or id of the item.
    result : str
        ``reproduced``, ``differs``, ``missing``, ``extra``, ``altered`` or ``failed``.
    detail : str
        In words.
    """

    kind: str
    id: str
    result: Result
    detail: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Reproduction:
    """The outcome of making a paper again.

    Attributes
    ----------
    paper : str
        Name of the paper.
    council : str or None
        Slug of its council.
    findings : tuple of Finding
        Files that do not fit the manifest first, then every item.
    environment : tuple of str
        What is not the same about this machine. No failure by itself.
    """

    paper: str
    council: str | None
    findings: tuple[Finding, ...]
    environment: tuple[str, ...]

    @property
    def rows(self) -> pd.DataFrame:
        """One row for each finding: kind, id, result, detail."""
        cells = [[getattr(finding, column) for column in COLUMNS] for finding in self.findings]
        return pd.DataFrame(cells, columns=list(COLUMNS))

    @property
    def ok(self) -> bool:
        """Whether everything was reproduced and nothing was altered."""
        return all(finding.result == "reproduced" for finding in self.findings)

    def summary(self) -> str:
        """Say what came of it.

        Returns
        -------
        str
            A headline, a line for each thing that is not as before, and what
            differs about this machine.
        """
        good = sum(finding.result == "reproduced" for finding in self.findings)
        items = sum(finding.kind not in _NO_ITEMS for finding in self.findings)
        name = self.paper if self.council is None else f"{self.paper}, {self.council}"
        lines = [f"{name}: {good} of {items} items reproduced"]
        lines += [
            f"  {finding.result}: {finding.kind} {finding.id}"
            + (f" ({finding.detail})" if finding.detail else "")
            for finding in self.findings
            if finding.result != "reproduced"
        ]
        if self.environment:
            lines += ["not the same here:", *(f"  {line}" for line in self.environment)]
        return "\n".join(lines)


_NO_ITEMS: Final = frozenset({"file", "data", "records", "notebook", "run"})


def reproduce(
    bundle: str | Path,
    *,
    council: str | Path | None = None,
    notebook: str | Path | None = None,
    on_step: OnStep | None = None,
) -> Reproduction:
    """Check a bundle against its manifest, make the paper again, and compare.

    Parameters
    ----------
    bundle : str or Path
        Folder of a paper.
    council : str or Path, optional
        The council's slug or folder, if it is not where it was.
    notebook : str or Path, optional
        The source notebook, if it is not where it was.
    on_step : callable, optional
        Called with each step in words.

    Returns
    -------
    Reproduction
        What was reproduced, what differs, what is missing or extra.

    Raises
    ------
    ReproductionError
        If the bundle can't be read, or its notebook or council can't be found.

    Notes
    -----
    The second paper is made in a folder of its own with the parameters of the
    manifest. Data, numbers and printed texts are compared, drawings are not:
    they change with the version of the drawing library. Where nothing about
    the machine differs the rendered files are compared as well.
    """
    folder = Path(bundle)
    manifest = manifests.read_manifest(folder)
    tell = on_step or _silent
    tell("checking the files against the manifest")
    here = manifests.hash_files(folder)
    source, extract = _sources(manifest, council, notebook)
    findings = list(_compare_hashes("file", manifest["files"], here))
    with tempfile.TemporaryDirectory(prefix="rpcstats-") as clean:
        try:
            again = build_paper(
                source,
                council=extract,
                given=manifest["parameters"],
                out=clean,
                formats=manifest["formats"],
                on_step=on_step,
            )
            second = manifests.read_manifest(again.folder)
        except RpcstatsError as exc:
            findings += _compare_sources(manifest, source, extract)
            findings.append(Finding("run", "paper", "failed", str(exc).replace("\n", " ")))
            return _reproduction(manifest, findings, manifests.environment())
        tell("comparing the two papers")
        inputs = [*_compare_inputs(manifest, second)]
        items = [*_compare_all(manifest, second, folder, again.folder)]
        findings += inputs + items
        made_here = manifest["environment"] == second["environment"]
        if made_here and not inputs and all(item.result == "reproduced" for item in items):
            findings += _compare_made(manifest["files"], second["files"])
    return _reproduction(manifest, findings, second["environment"])


def _sources(
    manifest: Mapping[str, Any], council: str | Path | None, notebook: str | Path | None
) -> tuple[Path, Path | None]:
    from rpcstats.data.locate import find_council, find_notebook

    named = council or manifest["parameters"].get("council")
    try:
        source = Path(find_notebook(notebook or manifest["paper"]))
        return source, None if named is None else Path(find_council(named))
    except RpcstatsError as exc:
        raise ReproductionError(
            f"{str(exc).splitlines()[0]}; say where it is with council= or notebook="
        ) from exc


def _compare_hashes(kind: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Finding]:
    for name in sorted({*old, *new}):
        if name not in new:
            yield Finding(kind, name, "missing", "named in the manifest, but not there")
        elif name not in old:
            yield Finding(kind, name, "extra", "there, but not in the manifest")
        elif old[name] != new[name]:
            yield Finding(kind, name, "altered", "does not fit the manifest")


def _compare_inputs(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _compare_hashes("data", old["data"]["files"], new["data"]["files"])
    before, now = old["data"]["rows"], new["data"]["rows"]
    for table in sorted({*before, *now}):
        if before.get(table) != now.get(table):
            counts = f"{before.get(table, 'none')} then, {now.get(table, 'none')} now"
            yield Finding("records", table, "differs", counts)
    if old["notebook"]["sha256"] != new["notebook"]["sha256"]:
        yield Finding("notebook", str(new["notebook"]["name"]), "altered", "not the same source")
    if old["parameters"] != new["parameters"]:
        names = {*old["parameters"], *new["parameters"]}
        changed = (n for n in names if old["parameters"].get(n) != new["parameters"].get(n))
        yield Finding("notebook", "parameters", "altered", ", ".join(sorted(changed)))


def _compare_sources(
    manifest: Mapping[str, Any], source: Path, extract: Path | None
) -> Iterator[Finding]:
    """Compare the files themselves, for a paper that could not be made again."""
    if manifests.hash_file(source) != manifest["notebook"]["sha256"]:
        yield Finding("notebook", source.name, "altered", "not the same source")
    if extract is not None and manifests.WHOLE_EXTRACT not in manifest["data"]["files"]:
        paths = {name: extract / name for name in manifest["data"]["files"]}
        now = {name: manifests.hash_file(path) for name, path in paths.items() if path.is_file()}
        yield from _compare_hashes("data", manifest["data"]["files"], now)


def _compare_all(
    old: Mapping[str, Any], new: Mapping[str, Any], folder: Path, again: Path
) -> Iterator[Finding]:
    before, now = old["items"], new["items"]
    for name in sorted(before, key=lambda name: (str(before[name].get("kind")), name)):
        entry, kind = before[name], str(before[name].get("kind"))
        if name not in now:
            yield Finding(kind, name, "missing", "not shown by the second run")
            continue
        pair = _data(folder, name, entry), _data(again, name, now[name])
        yield Finding(kind, name, *compare_items(entry, now[name], *pair))
    for name in now:
        if name not in before:
            yield Finding(now[name]["kind"], name, "extra", "not in the published paper")


def _data(folder: Path, name: str, entry: Mapping[str, Any]) -> str | None:
    """Read the data of an item, if they still fit their hash."""
    path = folder / "data" / f"{name}.csv"
    if "columns" not in entry or not path.is_file():
        return None
    text = path.read_bytes().decode("utf-8", errors="replace")
    return text if sha256(text) == entry.get("sha256") else None


def _compare_made(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Finding]:
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            detail = "the same paper made again gives another file"
            yield Finding("file", name, "differs", detail)


def _reproduction(
    manifest: Mapping[str, Any], findings: list[Finding], now: Mapping[str, Any]
) -> Reproduction:
    before = manifest["environment"]
    flat = [{**environment, **environment.get("packages", {})} for environment in (before, now)]
    differences = tuple(
        f"{name} {flat[0].get(name)} -> {flat[1].get(name)}"
        for name in dict.fromkeys([*flat[0], *flat[1]])
        if name != "packages" and flat[0].get(name) != flat[1].get(name)
    )
    return Reproduction(manifest["paper"], manifest["council"], tuple(findings), differences)


def _silent(_: str) -> None:
    return None
