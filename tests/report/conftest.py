"""Runs that several tests look at, and a browser where there is one."""

import contextlib
import shutil

import numpy as np
import pytest
from making import labels, made_run

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def binary():
    """(run.json's content, predictions) of two classes, 60 of 900 rows positive."""
    return made_run(labels(900, 60))


@pytest.fixture(scope="session")
def several():
    """The same of three classes."""
    rng = np.random.default_rng(1)
    return made_run(rng.choice(["red", "rose", "white"], 600, p=[0.6, 0.3, 0.1]).tolist())


@pytest.fixture(scope="module")
def browser():
    """Chromium, driven; skipped where it or its driver is not installed.

    A module's, as the driver keeps an event loop running that other tests may not want.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    with (
        playwright.sync_playwright() as driver,
        contextlib.closing(driver.chromium.launch(executable_path=path, args=FLAGS)) as running,
    ):
        yield running


@pytest.fixture
def shown(browser, tmp_path):
    """Opens a page from disk: `shown(html, width=1280, dark=False, address="", script=True)`.

    Whatever the page says on the console fails the test.
    """
    said, contexts = [], []

    def show(html, *, width=1280, dark=False, address="", script=True):
        file = tmp_path / "page.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            offline=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.goto(file.as_uri() + address)
        return page

    yield show
    for context in contexts:
        context.close()
    assert said == []
