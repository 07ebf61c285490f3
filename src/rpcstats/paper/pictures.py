"""The picture of a disclosed result, for the notebook and for the paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rpcstats.disclosure import Disclosed


def draw_pictures(
    safe: Disclosed, options: Mapping[str, object]
) -> tuple[bytes | None, str | None]:
    """Draw a disclosed result as PNG and SVG.

    Parameters
    ----------
    safe : Disclosed
        The result.
    options : mapping of str to object
        Passed to ``rpcstats.figures.draw``.

    Returns
    -------
    tuple of bytes and str, or of None and None
        PNG and SVG; nothing where the whole result is withheld.
    """
    if safe.status == "withheld":
        return None, None
    from rpcstats.figures import draw, to_png, to_svg

    figure = draw(safe.kind, safe.frame, watermark=safe.watermark, **options)
    return to_png(figure), to_svg(figure)
