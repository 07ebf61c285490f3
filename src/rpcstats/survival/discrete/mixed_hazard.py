"""Hazards by session with random effects of groups, through the generalised mixed model."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from rpcstats.formula import Formula, Surv
from rpcstats.mixed.estimate_general import estimate_general
from rpcstats.mixed.general.families import make_family
from rpcstats.mixed.response_model import ResponseModel
from rpcstats.mixed.structure.build import model_frame
from rpcstats.survival.discrete._empty_sessions import leave_out_empty, put_back, widen
from rpcstats.survival.discrete._links import LinkName
from rpcstats.survival.discrete.hazard_fit import DiscreteHazardFit
from rpcstats.survival.discrete.hazard_remarks import boundary_remark, event_remarks
from rpcstats.survival.discrete.read_rows import PersonSessions
from rpcstats.survival.discrete.sample import DiscreteSample, discrete_sample


def fit_mixed_hazard(
    formula: Formula,
    data: Any,
    *,
    link: LinkName,
    nagq: int,
    clock: str,
    id: str | None,
    conf_level: float,
) -> DiscreteHazardFit:
    """Fit a hazard by session with random effects.

    Parameters
    ----------
    formula : Formula
        With random terms.
    data : frame
        Person-sessions, or persons where the left side is `Surv()`.
    link : {"logit", "cloglog"}
        Link.
    nagq : int
        Nodes of adaptive quadrature; 1 is the Laplace approximation.
    clock : str
        Column that counts sessions.
    id : str or None
        Column of persons.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    DiscreteHazardFit
        The fit, converged or not.

    Raises
    ------
    DataError
        If the data break the conditions of the model.
    ParameterError
        If quadrature is asked for with several grouping factors.
    """
    sample = discrete_sample(formula, data, clock=clock, id=id)
    kept = leave_out_empty(sample.cells)
    event, rows = person_sessions(formula, sample.rows)
    rows = rows[~np.isin(sample.rows.session, kept.sessions)].reset_index(drop=True)
    frame = model_frame(replace(formula, response=f"`{event}`"), rows, response="binomial")
    mixed = estimate_general(frame, ResponseModel(make_family("binomial", link)), nagq=nagq)
    p = sample.cells.n_column
    wide, finite = widen(kept, p), np.zeros(p, dtype=np.bool_)
    finite[kept.columns] = True
    beta, cov = put_back(kept, mixed.beta, p), wide @ mixed.cov @ wide.T
    infinite = np.full(p, np.inf)
    for array in (beta, cov, infinite, finite):
        array.setflags(write=False)
    return DiscreteHazardFit(
        sample=sample,
        link=link,
        beta=beta,
        cov=cov,
        cov_model=cov,
        df=infinite,
        parts=(),
        errors="model",
        log_lik=-mixed.deviance / 2.0,
        optimum=mixed.optimum,
        firth=False,
        conf_level=conf_level,
        remarks=(
            *sample.remarks,
            *mixed.trouble,
            *(remark for remark in mixed.remarks if remark not in mixed.trouble),
            *event_remarks(sample, kept.sessions),
            *_small_groups(sample, mixed.frame.blocks),
        ),
        trouble=mixed.trouble,
        finite=finite,
        mixed=mixed,
    )


def person_sessions(formula: Formula, rows: PersonSessions) -> tuple[str, pd.DataFrame]:
    """Write the person-sessions of a sample out.

    Parameters
    ----------
    formula : Formula
        Its left side names the event.
    rows : PersonSessions
        What was read.

    Returns
    -------
    event : str
        Column of the event.
    frame : pandas.DataFrame
        One row a person-session, with the clock and the event.
    """
    surv = formula.response
    event = surv.event if isinstance(surv, Surv) else str(surv).strip("`")
    frame = rows.frame if rows.row is None else rows.frame.iloc[rows.row].reset_index(drop=True)
    values = rows.sessions.iloc[rows.session].reset_index(drop=True)
    added: dict[str, Any] = {str(rows.sessions.name): values, event: rows.cause}
    return event, frame.assign(**added)


def _small_groups(sample: DiscreteSample, blocks: Any) -> tuple[str, ...]:
    rows = sample.rows
    if rows.row is not None:
        n_person = len(rows.frame)
    elif rows.id is not None:
        n_person = int(rows.id.nunique())
    else:
        return ()
    found = [boundary_remark(block.n_level, n_person, block.group) for block in blocks]
    return tuple(remark for remarks in found for remark in remarks)
