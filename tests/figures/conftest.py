"""Frames as the other rooms hand them to the charts."""

import numpy as np
import pandas as pd
import pytest

NAN = float("nan")


def life_table(strata, leavers, n):
    """Product-limit estimate for `n` starters of whom `leavers[k]` leave at session k + 1."""
    rows, at_risk, S, total = [], n, 1.0, 0.0
    last = len(leavers) + 1
    for k, d in enumerate([*leavers, 0], start=1):
        S *= 1 - d / at_risk
        total += d / (at_risk * (at_risk - d))
        low = high = NAN
        if S < 1:
            width = 1.96 * np.sqrt(total) / np.log(S)
            low, high = sorted((S ** np.exp(width), S ** np.exp(-width)))
        rows.append((strata, float(k), at_risk, d, at_risk - d if k == last else 0, S, low, high))
        at_risk -= d
    names = ["strata", "time", "n_risk", "n_event", "n_censor", "estimate", "conf_low", "conf_high"]
    return pd.DataFrame(rows, columns=names)


@pytest.fixture
def one_curve():
    return life_table("all", [2, 4, 3, 4, 2], 58)


@pytest.fixture
def two_curves():
    return pd.concat(
        [
            life_table("mode=in_person", [1, 4, 5, 3, 1], 58),
            life_table("mode=online", [2, 9, 5, 2, 2], 41),
        ]
    )


@pytest.fixture
def coarse_curve():
    """Three pooled steps, as a protected frame holds them: no n_event, no n_censor."""
    return pd.DataFrame(
        {
            "strata": "all",
            "time": [0.0, 2.0, 4.0, 6.0],
            "n_risk": [60, 60, 55, 45],
            "estimate": [1.0, 0.90, 0.81, 0.74],
            "conf_low": [1.0, 0.79, 0.68, 0.61],
            "conf_high": [1.0, 0.95, 0.89, 0.84],
            "status": "released",
            "note": "",
        }
    )


@pytest.fixture
def withheld_curve():
    return pd.DataFrame(
        {
            "strata": ["mode=one_to_one"],
            "time": [0.0],
            "n_risk": [NAN],
            "estimate": [NAN],
            "conf_low": [NAN],
            "conf_high": [NAN],
            "status": ["withheld"],
            "note": ["fewer than 10 people"],
        }
    )


@pytest.fixture
def funnel_frame():
    """Seven stages, the last withheld."""
    rows = [
        ("referred", 120, NAN, "", NAN, NAN, NAN),
        ("screened", 110, 120, "referred", 0.917, 0.853, 0.954),
        ("appropriate", 95, 110, "screened", 0.864, 0.787, 0.916),
        ("enrolled", 77, 95, "appropriate", 0.811, 0.720, 0.877),
        ("started", 58, 77, "enrolled", 0.753, 0.646, 0.836),
        ("completed", 42, 58, "started", 0.724, 0.598, 0.822),
        ("goal reached at three months", NAN, 42, "completed", NAN, NAN, NAN),
    ]
    names = ["stage", "n", "base", "base_label", "estimate", "conf_low", "conf_high"]
    frame = pd.DataFrame(rows, columns=names)
    frame["definition"] = "As counted."
    frame["status"] = ["released"] * 6 + ["withheld"]
    return frame


@pytest.fixture
def forest_frame():
    """Eight rows under three headings; one without base, one withheld."""
    rows = [
        ("Hertfordshire", "Completed the programme", 0.724, 0.598, 0.822, "released"),
        ("Hertfordshire", "Reached the first milestone in time", 0.40, 0.31, 0.50, "released"),
        ("Hertfordshire", "Would recommend", 0.95, NAN, NAN, "released"),
        ("Northumberland", "Completed the programme", 0.61, 0.49, 0.72, "released"),
        ("Northumberland", "Reached the first milestone in time", 0.54, 0.42, 0.66, "released"),
        ("Leeds", "Completed the programme", NAN, NAN, NAN, "withheld"),
        ("Leeds", "Reached the first milestone in time", 1.0, 0.85, 1.0, "released"),
        ("Leeds", "Would recommend", 0.03, 0.01, 0.09, "released"),
    ]
    names = ["council", "measure", "estimate", "conf_low", "conf_high", "status"]
    return pd.DataFrame(rows, columns=names)


@pytest.fixture
def texts():
    """Find the visible texts of a figure, by gid if given."""

    def find(figure, gid=None):
        found = [
            text
            for text in figure.findobj(lambda artist: hasattr(artist, "get_fontsize"))
            if text.get_visible() and text.get_text().strip()
        ]
        return [text for text in found if gid is None or text.get_gid() == gid]

    return find


@pytest.fixture
def assert_tidy_layout(texts):
    """Check that no text is covered, turned, small or cut off."""

    def check(figure):
        figure.canvas.draw()
        shown = [text for text in texts(figure) if text.get_gid() != "watermark"]
        boxes = [text.get_window_extent() for text in shown]
        for text, box in zip(shown, boxes, strict=True):
            assert text.get_rotation() == 0, text.get_text()
            assert text.get_fontsize() >= 10, text.get_text()
            assert box.x0 >= -0.5, text.get_text()
            assert box.y0 >= -0.5, text.get_text()
            assert box.x1 <= figure.bbox.width + 0.5, text.get_text()
            assert box.y1 <= figure.bbox.height + 0.5, text.get_text()
        for i, first in enumerate(boxes):
            for j in range(i):
                apart = not first.overlaps(boxes[j])
                assert apart, (shown[i].get_text(), shown[j].get_text())

    return check
