"""Gather all measured tables on one page, `docs/measured.md`: run by `make docs`, not kept in git.

A section of a page is measured when it names the command that prints its figures: a `make` target
that measures, or a script of `benchmarks/` or `examples/`. The tables stay where they are.
"""

import re
from pathlib import Path

DOCS = Path(__file__).parent
COMMAND = re.compile(r"make (?:bench-|does-it-help)|(?:benchmarks|examples)/\w+\.py")
TABLE = re.compile(r"^(?:\|.*\|\n)+|^```(?:console|text)?\n(?:.*\n)*?```\n", re.MULTILINE)
HEAD = """# All measured tables

Gathered from the pages that explain them, each with the command that prints it.
"""


def page(docs: Path = DOCS) -> str:
    """The page as Markdown."""
    return "\n".join(
        [HEAD, *(part for path in sorted(docs.glob("*.md")) for part in measured(path))]
    )


def measured(path: Path) -> list[str]:
    """The measured sections of a page, under its title, links made to lead where they did."""
    if path.name == "measured.md":
        return []
    text = path.read_text(encoding="utf-8")
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    sections = re.split(r"(?m)^(?=## )", text)[1:]
    chosen = [one for one in sections if COMMAND.search(one) and TABLE.search(one)]
    if not chosen or title is None:
        return []
    here = f"## {title[1]}\n\nFrom [{title[1]}]({path.name}).\n"
    local = f"]({path.name}#"
    return [here, *(one.replace("](#", local).replace("\n## ", "\n### ").replace("## ", "### ", 1)
                    for one in chosen)]  # fmt: skip


if __name__ == "__main__":
    (DOCS / "measured.md").write_text(page(), encoding="utf-8")
