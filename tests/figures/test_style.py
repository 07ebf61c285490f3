import itertools
import subprocess
import sys

import matplotlib
import pytest

from rpcstats.figures import paper_style, series_styles
from rpcstats.figures.layout import WATERMARK_ALPHA, WATERMARK_COLOUR
from rpcstats.figures.style import COLUMN_WIDTH, INK, PALETTE, QUIET, TEXT_PALETTE, TEXT_SIZE

TEXT_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3
MARK_CONTRAST = 3.0  # WCAG 2.2, success criterion 1.4.11


def channels(colour):
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def luminance(rgb):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour, other="#FFFFFF"):
    pair = sorted((luminance(channels(colour)), luminance(channels(other))))
    return (pair[1] + 0.05) / (pair[0] + 0.05)


def test_the_formula_gives_the_published_extremes():
    assert contrast("#000000") == pytest.approx(21.0)
    assert contrast("#12436D") == pytest.approx(10.25, abs=0.01)


@pytest.mark.parametrize("colour", PALETTE)
def test_marks_stand_out_from_white(colour):
    assert contrast(colour) >= MARK_CONTRAST


@pytest.mark.parametrize("colour", [*TEXT_PALETTE, INK, QUIET])
def test_text_stands_out_from_white(colour):
    assert contrast(colour) >= TEXT_CONTRAST


@pytest.mark.parametrize("pair", list(itertools.pairwise(PALETTE)))
def test_neighbours_stand_out_from_each_other(pair):
    assert contrast(*pair) >= MARK_CONTRAST


@pytest.mark.parametrize("text", [INK, QUIET])
def test_the_watermark_leaves_text_behind_it_readable(text):
    blend = [1 - WATERMARK_ALPHA * (1 - channel) for channel in channels(WATERMARK_COLOUR)]
    ground = (luminance(blend) + 0.05) / (luminance(channels(text)) + 0.05)
    assert ground >= TEXT_CONTRAST


def test_two_series_are_blue_and_orange():
    assert [style.colour for style in series_styles(2)] == ["#12436D", "#F46A25"]
    assert [style.colour for style in series_styles(3)] == list(PALETTE[:3])


def test_colour_is_never_the_only_cue():
    assert len({style.dashes for style in series_styles(4)}) == 4


def test_more_than_four_categories_warn_and_still_differ():
    with pytest.warns(UserWarning, match="9 categories"):
        styles = series_styles(9)
    assert len({(style.colour, style.dashes) for style in styles}) == 9


def test_the_style_is_put_back():
    before = dict(matplotlib.rcParams)
    with paper_style():
        assert matplotlib.rcParams["font.family"] == ["Source Sans Pro"]
        assert matplotlib.rcParams["svg.hashsalt"] == "rpcstats"
        assert matplotlib.rcParams["svg.fonttype"] == "path"
    assert dict(matplotlib.rcParams) == before


def test_the_font_is_the_one_of_the_papers():
    from matplotlib.font_manager import FontProperties, findfont

    with paper_style():
        for weight, file in (("normal", "Regular"), ("semibold", "Semibold"), ("bold", "Bold")):
            found = findfont(FontProperties(weight=weight), fallback_to_default=False)
            assert found.endswith(f"SourceSansPro-{file}.ttf")


def test_sizes_fit_a_printed_page():
    assert TEXT_SIZE >= 10
    assert pytest.approx(15.8) == COLUMN_WIDTH / 72 * 2.54


def test_importing_the_room_imports_no_plotting():
    code = (
        "import sys, rpcstats.figures; "
        "sys.exit(any(name in sys.modules for name in ('matplotlib', 'seaborn')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
