"""Causes and places of many rows in as few bits as will do."""

from dataclasses import replace
from typing import Any

import numpy as np

from rpcstats.survival.structure.hazard_frame import HazardFrame


def with_small_codes(frame: HazardFrame) -> HazardFrame:
    """Keep the causes in as few bits as will do, for a fit holds on to them.

    Parameters
    ----------
    frame : HazardFrame
        Checked arrays with causes.

    Returns
    -------
    HazardFrame
        The same otherwise.
    """
    if frame.cause is None:
        raise AssertionError("the frame was read without causes")
    cause = frame.cause.astype(np.min_scalar_type(len(frame.causes)))
    cause.setflags(write=False)
    return replace(frame, cause=cause)


def with_small_places(frame: HazardFrame) -> HazardFrame:
    """Keep the places of the rows used in 32 bits where they do.

    Parameters
    ----------
    frame : HazardFrame
        Checked arrays.

    Returns
    -------
    HazardFrame
        The same otherwise.
    """
    if frame.n_obs + frame.n_missing > np.iinfo(np.int32).max:
        return frame
    kept: Any = frame.kept.astype(np.int32)
    kept.setflags(write=False)
    return replace(frame, kept=kept, design=replace(frame.design, kept=kept))
