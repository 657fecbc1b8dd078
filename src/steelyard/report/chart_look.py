"""The look of altair charts in notebooks."""

from typing import Any

# Told apart without red and green, and legible on light and on dark ground.
ACCENT, SECOND, QUIET, GROUND = "#2a87b0", "#c47a2c", "#8a959c", "#7b868d"
FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"


def legible(chart: Any) -> Any:
    """An altair chart in the look of our pages, on whatever ground it is shown."""
    return (
        chart.configure(font=FONT, background="transparent")
        .configure_axis(
            labelColor=GROUND,
            titleColor=GROUND,
            gridColor="#8a959c44",
            labelFontSize=12,
            titleFontSize=12,
            tickCount=6,
        )
        .configure_legend(labelColor=GROUND, titleColor=GROUND, labelFontSize=12)
        .configure_title(color=GROUND)
        .configure_view(stroke=None)
    )
