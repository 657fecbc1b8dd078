"""Turn the docstrings of steelyard into Markdown for the reference; used by `make docs`.

They keep one short form: `Args:` with a line a name, `Returns: ...`, `Raises: ...`, `Source: ...`
as paragraphs, and examples as `>>>`.
"""

import re
from typing import Any

import griffe

SECTION = re.compile(r"^(Args|Returns|Raises|Source|Learned|Formula|Yields): ?", re.MULTILINE)
ARGUMENTS = re.compile(r"^Args:\n(?:(?: {4}.*)?\n)*(?: {4}.*)?", re.MULTILINE)
ARGUMENT = re.compile(r"^ {4}(\*{0,2}\w[\w, .*`]*): ", re.MULTILINE)
EXAMPLE = re.compile(r"(?:^>>> .*\n?(?:^(?!>>> |\s*$).*\n?)*)+", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Rewrites every docstring before it is rendered."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called by griffe for every module, class, function and attribute."""
        if obj.docstring:
            obj.docstring.value = to_markdown(obj.docstring.value)


def to_markdown(text: str) -> str:
    """A docstring in our form as Markdown."""
    text = ARGUMENTS.sub(
        lambda block: ARGUMENT.sub(lambda found: f"\n- `{found[1]}`: ", block[0]), text
    )
    text = SECTION.sub(lambda found: f"\n**{found[1]}:** ", text)
    return EXAMPLE.sub(lambda found: f"\n```pycon\n{found[0].rstrip()}\n```\n", text)
