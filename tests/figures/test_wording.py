import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats._wording import number, percent
from rpcstats._wording import words as plain_words
from rpcstats.figures import wording
from rpcstats.figures.layout import text_width, wrap


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("in_person", "In person"),
        ("mode=in_person", "In person"),
        ("send_child=yes", "Send child: yes"),
        ("imd_decile=3", "Imd decile: 3"),
        ("mode=online, sex=female", "Online, female"),
        ("mode[online]", "mode[online]"),
        ("Parents with a mentor", "Parents with a mentor"),
        ("", ""),
    ],
)
def test_codes_become_words(code, words):
    assert plain_words(code) == words


@given(st.floats(-1e6, 1e6), st.floats(0, 1))
def test_pictures_write_estimates_as_tables_do(value, share):
    assert wording.share(share, percent=True) == percent(share)
    assert wording.share(value, percent=False) == number(value)


NAN = float("nan")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ((0.8, 0.6, 0.92, NAN, NAN), "80% (60% to 92%)"),
        ((0.83, 0.47, 0.95, 0.72, 0.84), "72% to 84% (47% to 95%)"),
        ((1.0, 0.88, 1.0, 1.0, 1.0), "100% (88% to 100%)"),
        ((NAN, NAN, NAN, 0.89, 1.0), "89% or more"),
        ((0.83, NAN, NAN, 0.72, 0.84), "72% to 84%"),
    ],
)
def test_a_share_is_written_as_finely_as_it_was_told(told, words):
    assert wording.share_words(*told) == words


@settings(deadline=None)  # the first call loads the font
@given(st.lists(st.text("abcdefghij", min_size=1, max_size=9), min_size=1, max_size=12))
def test_wrapping_keeps_every_word_and_the_width(words):
    text = wrap(" ".join(words), 60.0)
    assert text.split() == words
    assert all(text_width(line) <= 60.0 for line in text.split("\n") if " " in line)
