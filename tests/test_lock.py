"""What CI installs by digest (requirements/ci.txt) is what pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKED = (ROOT / "requirements" / "ci.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def asked():
    extras = PROJECT["optional-dependencies"]
    wanted = [*PROJECT["dependencies"], *extras["tensorflow-cpu"], *extras["test"], *extras["docs"]]
    return sorted({plain(re.match(r"[\w.-]+", one)[0]) for one in wanted})


@pytest.mark.parametrize("name", asked())
def test_every_dependency_is_locked(name):
    assert re.search(rf"^{name}==", LOCKED, re.MULTILINE), "run `make lock`"


def test_every_line_has_a_digest():
    for entry in re.split(r"\n(?=\S)", LOCKED.strip()):
        assert re.match(r"[\w.-]+==[\w.+!-]+( ;[^\\]+)? \\\n", entry), entry
        assert "--hash=sha256:" in entry, entry
