"""docs/from-the-tutorial.md: every block runs, every figure is what it prints."""

import contextlib
import io
import re
import warnings
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "from-the-tutorial.md"
BLOCK = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)


def test_the_page_prints_what_it_says():
    names: dict = {}
    for code, expected in BLOCK.findall(PAGE.read_text()):
        printed = io.StringIO()
        # The copied column may warn as it does for those who copy it.
        with contextlib.redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(code, str(PAGE), "exec"), names)  # noqa: S102 - our own page
        assert printed.getvalue() == expected, code
