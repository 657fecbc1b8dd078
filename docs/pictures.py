"""The pictures of README and docs: the page of a run, on light and dark ground and on a phone.

Run by `make pictures`, after `make demo`; needs Debian's chromium.
"""

import contextlib
import shutil
import sys
from pathlib import Path

from playwright import sync_api

HERE = Path(__file__).parent
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# file -> (width, height, scheme)
PICTURES = {
    "report.png": (1180, 1320, "light"),
    "report-dark.png": (1180, 1320, "dark"),
    "report-phone.png": (390, 1100, "light"),
}


def main(page: Path) -> None:
    """Draw every picture from the page of a run."""
    with (
        sync_api.sync_playwright() as driver,
        contextlib.closing(
            driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        ) as browser,
    ):
        for name, (width, height, scheme) in PICTURES.items():
            size = {"width": width, "height": height}
            shown = browser.new_page(viewport=size, color_scheme=scheme)
            shown.goto(page.resolve().as_uri())
            shown.screenshot(path=HERE / name)
            print(HERE / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
