import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from rpcstats.figures import draw, to_png, to_svg

SCRIPT = """
import sys
import pandas as pd
from rpcstats.figures import draw, to_svg
frame = pd.DataFrame({
    "strata": ["a", "a", "b", "b"], "time": [1.0, 2.0, 1.0, 2.0], "n_risk": [30, 20, 25, 15],
    "estimate": [0.9, 0.7, 0.8, 0.6], "conf_low": [0.7, 0.5, 0.6, 0.4],
    "conf_high": [0.95, 0.85, 0.9, 0.75],
})
sys.stdout.write(to_svg(draw("curve", frame, watermark="NOT FOR RELEASE")))
"""


def rendered(seed):
    environment = os.environ | {"PYTHONHASHSEED": seed, "SOURCE_DATE_EPOCH": seed}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout


def test_two_processes_write_the_same_svg():
    first, second = rendered("1"), rendered("2")
    assert first == second
    assert first.rstrip().endswith("</svg>")


def test_one_process_writes_the_same_twice(two_curves):
    first, second = draw("curve", two_curves), draw("curve", two_curves)
    assert to_svg(first) == to_svg(second) == to_svg(first)
    assert to_png(first) == to_png(second)


def test_the_svg_tells_no_date_and_no_program(funnel_frame):
    svg = to_svg(draw("counts", funnel_frame))
    assert "<dc:date>" not in svg
    assert "<dc:creator>" not in svg
    assert "matplotlib.org" not in svg
    root = ElementTree.fromstring(svg)
    assert not list(root.iter("{http://www.w3.org/2000/svg}text"))


def test_the_png_is_as_wide_as_asked(funnel_frame):
    png = to_png(draw("counts", funnel_frame), dpi=100)
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") == int(15.8 / 2.54 * 100)
    assert b"Software" not in png


def test_writing_closes_a_figure_of_pyplot():
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure = pyplot.figure()
    to_png(figure)
    assert not pyplot.fignum_exists(figure.number)


@pytest.mark.parametrize("kind", ["curve", "counts"])
def test_a_figure_shows_itself_in_a_notebook(kind, two_curves, funnel_frame):
    from IPython.core.formatters import PNGFormatter

    figure = draw(kind, two_curves if kind == "curve" else funnel_frame)
    assert PNGFormatter()(figure) is not None
    if kind == "curve":
        assert PNGFormatter()(figure.axes[0]) is not None
