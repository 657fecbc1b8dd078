"""A page inside a notebook's cell."""

import html

FRAME_HEIGHT = 900  # pixels of the frame; the page scrolls inside


def in_frame(page: str) -> str:
    """The page in a frame of its own, its styles and script kept apart from the notebook's."""
    escaped = html.escape(page, quote=True)
    size = f'width="100%" height="{FRAME_HEIGHT}"'
    return f'<iframe srcdoc="{escaped}" {size} style="border:0"></iframe>'
