"""What a fit says of itself: plain, with what to do, and without names of levels."""

import warnings

import numpy as np
import pytest

from rpcstats._numerics.optimise import OptSummary
from rpcstats.errors import ConvergenceWarning
from rpcstats.mixed import lmm
from rpcstats.mixed.structure.model_frame import Block
from rpcstats.mixed.wording import (
    convergence_remarks,
    group_sizes,
    is_singular,
    singular_remarks,
    warn_of,
)


def block(rows=(0, 1, 1), cols=(0, 0, 1), effects=("Intercept", "arm[T.secret]")):
    return Block(
        group="council",
        levels=("northmere", "southmere"),
        codes=np.array([0, 1]),
        Z=np.ones((2, len(effects))),
        effects=effects,
        rows=np.array(rows),
        cols=np.array(cols),
        terms=("1 + arm | council",),
    )


def optimum(converged, status="it ran out of steps."):
    zero = np.zeros(1)
    return OptSummary("Newton", zero, zero, 1.0, 0.0, 3, converged, status)


def remarks_of(theta):
    theta = np.array(theta)
    return singular_remarks((block(),), theta, np.ones(3))


def test_a_fit_inside_has_no_remark():
    assert remarks_of([1.0, 0.2, 0.5]) == ()
    assert not is_singular((block(),), np.array([1.0, 0.2, 0.5]), np.ones(3))


@pytest.mark.parametrize(
    ("theta", "text"),
    [
        ([0.0, 0.0, 0.5], "variance of the intercept between levels of council is zero"),
        ([0.7, 0.0, 0.0], "variance of arm between levels of council is zero"),
        ([0.0, 0.0, 0.0], "variance of the intercept and arm between levels"),
        ([0.7, 0.3, 0.0], "council are perfectly correlated"),
        ([0.0, 0.3, 0.4], "variance of the intercept between"),
    ],
)
def test_remarks_name_the_effect_and_what_to_do(theta, text):
    assert is_singular((block(),), np.array(theta), np.ones(3))
    (remark,) = remarks_of(theta)
    assert text in remark
    assert "consider leaving the term out" in remark
    assert "secret" not in remark
    assert "mere" not in remark


def test_units_of_a_covariate_do_not_make_a_fit_singular():
    # A slope per day of 5e-5 is one of 0.5 per 10,000 days.
    theta, scale = np.array([1.0, 0.0, 5e-5]), np.array([1.0, 1.0, 1e4])
    assert not is_singular((block(),), theta, scale)
    assert is_singular((block(),), theta, np.ones(3))


def test_convergence_is_said_only_where_it_fails():
    assert convergence_remarks(optimum(True)) == ()
    (remark,) = convergence_remarks(optimum(False))
    assert "(it ran out of steps)" in remark
    assert "simplify the random effects" in remark


def test_warnings_point_past_the_public_function():
    def public():
        warn_of(["mend it"])

    with pytest.warns(ConvergenceWarning, match="mend it") as seen:
        public()
    assert seen[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of([])


def test_sizes_are_counts():
    assert group_sizes((block(), block())) == "council 2, council 2"


@pytest.mark.parametrize(("response", "sign"), [("plus", 1), ("minus", -1)])
def test_a_correlation_of_one_is_remarked_in_a_fit(response, sign, mixed_data):
    fit = lmm(f"{response} ~ t + (t | g)", mixed_data("synthetic_alongside"))
    pair = fit.varcorr().tidy().query("measure == 'correlation'")
    assert pair["estimate"].iloc[0] == pytest.approx(sign, abs=1e-6)
    assert fit.is_singular
    assert "perfectly correlated" in " ".join(fit.remarks)
