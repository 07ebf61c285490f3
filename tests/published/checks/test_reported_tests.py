"""p-values worked out again from printed statistics; values by R's pt, pf, pchisq and pnorm."""

import pytest

from rpcstats.published.checks.reported_tests import reported_tests

REPORTS = [
    ("t(28) = 2.20, p = .036", "agrees"), ("t(28)=2.20, p<.05", "agrees"),
    ("F(1, 120) = 4.2, p = .04", "agrees"), ("\u03c7\u00b2(2, N = 170) = 14.14, p < .01", "agrees"),
    ("chi2(1)=3.84, p = .05", "agrees"), ("z = 1.96, p = .05", "agrees"),
    ("r(48) = .28, p = .049", "agrees"), ("t(37) = \u22124.93, p < .001", "agrees"),
    ("F(2, 100) = 1.5, ns", "agrees"), ("t(28) = 2.20, p = .018", "one_sided"),
    ("t(28) = 2.20, p = .041", "differs"), ("t(28) = 1.20, p = .03", "decision"),
    ("z = 2.50, p = .20", "decision"), ("t(28) = 2.20, ns", "decision"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "agreement"), REPORTS)
def test_printed_p_values(text, agreement):
    (found,) = reported_tests(text)
    assert found.agreement == agreement


def test_ends_of_the_statistic_are_r_s():
    (found,) = reported_tests("t(28) = 2.20, p = .036")
    # R: 2 * pt(-c(2.205, 2.195), 28)
    assert (found.p_low, found.p_high) == pytest.approx(
        (0.0358356592035663, 0.0366191154726234), rel=1e-12
    )


def test_text_without_a_whole_test_gives_nothing():
    assert (
        reported_tests("80% made progress (n = 36), p = .04; t = 2.2, p = .03; r(48) = 1.2, p = 1")
        == []
    )


# R: pf, pchisq, 2 * pnorm, and 2 * pt (a correlation as t), at both ends of what is printed.
R_RANGES = [
    ("F(1, 120) = 4.2, p = .04", 0.04141004381710749, 0.04383420680857313),
    ("chi2(2) = 14.14, p < .01", 0.0008481101811595036, 0.000852361351133636),
    ("z = 1.96, p = .05", 0.04941423754500778, 0.05058307027046024),
    ("r(48) = .28, p = .049", 0.04484556841624702, 0.05325997055744119),
    ("t(37) = -4.93, p < .001", 1.724109597459046e-05, 1.778116197925243e-05),
    ("F(2, 100) = 1.5, ns", 0.2173035072456552, 0.2394590536793721),
]  # fmt: skip


@pytest.mark.parametrize(("text", "low", "high"), R_RANGES)
def test_every_statistic_has_r_s_range(text, low, high):
    (found,) = reported_tests(text)
    assert (found.p_low, found.p_high) == pytest.approx((low, high), rel=1e-11)
