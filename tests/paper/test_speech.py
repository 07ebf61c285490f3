import pytest

from rpcstats.paper.speech import spoken


@pytest.mark.parametrize(
    ("tex", "words"),
    [
        ("t", "t"),
        (r"\hat{S}(t)", "S hat of t"),
        (r"\beta_1 \leq 0.5", "beta sub 1 at most 0.5"),
        (r"\frac{d_i}{n_i}", "d sub i over n sub i"),
        (r"\sqrt{v}", "square root of v"),
        (r"x^2 = 1", "x to the power 2 equals 1"),
        (r"\left(1 - p\right)", "(1 minus p)"),
    ],
)
def test_a_formula_is_said_in_words(tex, words):
    assert spoken(tex) == words
