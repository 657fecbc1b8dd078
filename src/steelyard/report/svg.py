"""Charts as SVG text, drawn here: no script in the page, nothing fetched."""

from typing import Any

import vl_convert

ACCENT, QUIET, GROUND = "#0b6e99", "#9aa5ad", "#444"
FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"


def to_svg(chart: Any) -> str:
    """An altair chart in the look of our pages."""
    styled = (
        chart.configure(font=FONT, background="transparent")
        .configure_axis(
            labelColor=GROUND, titleColor=GROUND, gridColor="#e6e9eb", labelFontSize=12, tickCount=6
        )
        .configure_view(stroke=None)
    )
    return vl_convert.vegalite_to_svg(styled.to_dict())
