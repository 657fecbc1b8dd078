"""Pages with code: every block runs, every metric is what it prints."""

import contextlib
import io
import re
import warnings
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ["from-the-tutorial.md", "keras-toolkit.md"]
BLOCK = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_the_page_prints_what_it_says(page):
    names: dict = {}
    for code, expected in BLOCK.findall((DOCS / page).read_text()):
        printed = io.StringIO()
        # The copied column may warn as it does for those who copy it.
        with contextlib.redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(code, page, "exec"), names)  # noqa: S102 - our own page
        assert printed.getvalue() == expected, code
