"""Print the lowest declared version of everything that the core needs, a pin a line.

    python requirements/lowest.py > lowest.txt

`make test-core` installs them and runs the tests of the core on them, so that the lower bounds in
pyproject.toml are versions that work and not guesses.
"""

import tomllib
from pathlib import Path


def pins() -> list[str]:
    """The lower bounds of `[project] dependencies` as exact versions."""
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    return [one.replace(">=", "==") for one in tomllib.loads(text)["project"]["dependencies"]]


if __name__ == "__main__":
    print("\n".join(pins()))
