"""What an earlier paper of the same data, made with other settings, adds to this one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rpcstats.paper.bundle import MANIFEST

MATTERS: Final = ("data_cut", "policy", "conf_level", "tau", "compare")


def warn_of_earlier(target: Path, data: Mapping[str, object], values: Mapping[str, object]) -> str:
    """Say that two papers of one extract tell more together than either alone.

    Parameters
    ----------
    target : Path
        Folder of the bundle that is about to be replaced, if there is one.
    data : mapping
        The manifest's entry for the data of the new paper.
    values : mapping of str to object
        Parameters of the new paper.

    Returns
    -------
    str
        A warning; empty if there is no earlier paper, or it was made with the same settings.
    """
    earlier = _read(target / MANIFEST)
    if earlier.get("data") != data or not isinstance(earlier.get("parameters"), dict):
        return ""
    before = earlier["parameters"]
    changed = [name for name in MATTERS if before.get(name) != values.get(name)]
    if not changed:
        return ""
    return (
        f"the earlier paper of these data had another {' and '.join(changed)}: whoever has both "
        "can work out more than either tells, so publish only one of them"
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
