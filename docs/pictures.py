"""The pictures of README and docs: the page of a run, on light and dark ground and on a phone.

    python docs/pictures.py [RUN]

Without RUN the shipped table is compared as `make demo` does it, in a folder of its own, so that no
path of this machine is in a picture. Needs Debian's chromium.
"""

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright import sync_api

HERE = Path(__file__).parent
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# file -> (width, height, scheme, part of the page or None for its top)
PICTURES = {
    "report.png": (1180, 1320, "light", None),
    "report-dark.png": (1180, 1320, "dark", None),
    "report-phone.png": (390, 1100, "light", None),
    "explorer.png": (1000, 900, "light", "#explorer"),
    "explorer-dark.png": (1000, 900, "dark", "#explorer"),
}


def demo(folder: Path) -> Path:
    """The run of the shipped table, made in `folder`."""
    import steelyard
    from steelyard.datasets import SATIMAGE

    shutil.copy(SATIMAGE, folder)
    with contextlib.chdir(folder):
        steelyard.compare("satimage.parquet", "soil", out="demo-run")
    return folder / "demo-run"


def shots(page: Path) -> None:
    """Draw every picture from the page of a run."""
    with (
        sync_api.sync_playwright() as driver,
        contextlib.closing(
            driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        ) as browser,
    ):
        for name, (width, height, scheme, part) in PICTURES.items():
            size = {"width": width, "height": height}
            shown = browser.new_page(viewport=size, color_scheme=scheme)
            shown.goto(page.resolve().as_uri())
            (shown.locator(part) if part else shown).screenshot(path=HERE / name)
            print(HERE / name)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        shots((Path(sys.argv[1]) if sys.argv[1:] else demo(Path(made))) / "report.html")
