"""The guides run: commands in their order, then Python, in a folder with the data they name.

One small run of `compare` stands for the one of "Ten minutes"; trainings that a page asks for are
made cheap by options that are put behind the page's own.
"""

import contextlib
import io
import re
import shlex
import shutil
import warnings
from pathlib import Path

import pytest

pytest.importorskip("keras")

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DATA = ROOT / "examples" / "data"
GUIDES = [path for name in ("howto", "understand") for path in sorted((DOCS / name).glob("*.md"))]
PAGES = ["ten-minutes.md", *(path.relative_to(DOCS).as_posix() for path in GUIDES)]
BLOCK = re.compile(r"(?ms)^```(python|console)\n(.*?)^```(?:\n\n```text\n(.*?)^```)?")
CHEAP = {"compare": ["--techniques", "plain", "--folds", "2", "--repeats", "1"]}
OUTCOMES = {0, 3}  # 3 is an answer, too: a band left, a bound that is not sure


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The data that the guides name, and a run of the table in "Ten minutes"."""
    from steelyard import Costs, compare

    folder = tmp_path_factory.mktemp("guides")
    for name in ("readmissions.csv.gz", "readmissions_later.csv.gz", "sms_spam.parquet",
                 "long_tailed_mnist.npz"):  # fmt: skip
        (folder / name).symlink_to(DATA / name)
    compare(
        folder / "readmissions.csv.gz",
        "readmitted",
        group="patient",
        goal=Costs(fp=1, fn=8),
        model="trees",
        techniques="plain",
        folds=2,
        repeats=1,
        progress=False,
    ).save(folder / "run")
    return folder


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.filterwarnings("ignore:.*shuffle=True:UserWarning")  # Keras says so of any dataset
def test_a_guide_runs(page, folder, tmp_path, monkeypatch, run):
    for path in folder.iterdir():
        if path.is_dir():
            shutil.copytree(path, tmp_path / path.name)
        else:
            (tmp_path / path.name).symlink_to(path.resolve())
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for language, code, expected in BLOCK.findall((DOCS / page).read_text()):
        if language == "python":
            printed = python(code, page, names)
            assert not expected or printed == expected, code
        else:
            for command in re.findall(r"^\$ steelyard ((?:.*\\\n)*.*)\n", code, re.MULTILINE):
                check_command(command, code, run)


def python(code, page, names):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(code, page, "exec"), names)  # noqa: S102 - our own page
    return printed.getvalue()


def check_command(command, shown, run):
    words = shlex.split(command.replace("\\\n", " "))
    if words[0] in CHEAP and Path(words[words.index("--out") + 1]).exists():
        return  # the run that was made beforehand
    own = ["--model", "trees"] if words[0] == "compare" and "--model" not in words else []
    result = run(*words, *CHEAP.get(words[0], []), *own, "--quiet")
    assert result.exit_code in OUTCOMES, (command, result.stderr)
    rest = shown.partition("\n")[2]
    if rest and "\n$" not in shown and not shown.splitlines()[0].endswith("\\"):
        assert result.stdout == rest, command
