import pandas as pd
import pytest

from rpcstats.errors import ParameterError
from rpcstats.figures import draw
from rpcstats.figures.style import COLUMN_WIDTH


@pytest.mark.parametrize(
    ("kind", "fixture"),
    [("curve", "two_curves"), ("counts", "funnel_frame"), ("published", "forest_frame")],
)
def test_each_kind_gets_its_chart_as_wide_as_the_column(kind, fixture, request):
    figure = draw(kind, request.getfixturevalue(fixture))
    assert figure.get_figwidth() * 72 == pytest.approx(COLUMN_WIDTH)


def test_a_mean_is_no_percentage(forest_frame, texts):
    values = [text.get_text() for text in texts(draw("mean", forest_frame), "value")]
    assert values[0] == "0.72 (0.60 to 0.82)"
    share = draw("mean", forest_frame, percent=True)
    assert texts(share, "value")[0].get_text() == "72% (60% to 82%)"


def test_a_test_has_no_picture(forest_frame):
    with pytest.raises(ParameterError, match="use a table"):
        draw("test", forest_frame)


def test_an_unknown_option_is_named_with_those_that_exist(two_curves):
    with pytest.raises(ParameterError, match=r"xlable: use one of .*xlabel"):
        draw("curve", two_curves, xlable="Session")


@pytest.mark.parametrize(
    ("kind", "fixture"),
    [("curve", "coarse_curve"), ("counts", "funnel_frame"), ("published", "forest_frame")],
)
def test_the_watermark_is_large_light_and_inside(kind, fixture, request, texts):
    figure = draw(kind, request.getfixturevalue(fixture), watermark="NOT FOR RELEASE")
    (mark,) = texts(figure, "watermark")
    box = mark.get_window_extent()
    assert box.width > 0.6 * figure.bbox.width
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
    assert mark.get_alpha() < 0.3


@pytest.mark.parametrize(
    ("kind", "fixture"),
    [("curve", "coarse_curve"), ("counts", "funnel_frame"), ("published", "forest_frame")],
)
def test_the_watermark_lies_under_numbers_and_over_no_background(kind, fixture, request, texts):
    figure = draw(kind, request.getfixturevalue(fixture), watermark="NOT FOR RELEASE")
    (mark,) = texts(figure, "watermark")
    assert mark.get_zorder() < min(ax.get_zorder() for ax in figure.axes)
    assert not any(ax.patch.get_visible() for ax in figure.axes)


def test_pyplot_never_hears_of_a_drawn_figure(two_curves):
    from matplotlib import pyplot

    draw("curve", two_curves)
    assert pyplot.get_fignums() == []


def test_coefficients_of_couples_are_dots_in_points(texts):
    frame = pd.DataFrame(
        {"term": ["own", "partner"], "estimate": [-0.3, float("nan")],
         "conf_low": [-0.6, float("nan")], "conf_high": [0.0, float("nan")],
         "n_couple": 40.0, "status": ["released", "withheld"], "note": ""}
    )  # fmt: skip
    values = [text.get_text() for text in texts(draw("estimates", frame), "value")]
    assert values == ["-0.30 (-0.60 to 0.00)", "withheld"]
