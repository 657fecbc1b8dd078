"""Damage everything that is read, and count what is refused, taken, or ends in a crash.

    python benchmarks/fuzz.py --seconds 60 --seed 0

Every field of run.json (the table's schema among them), ledger.json, of the journal's lines and of
the configuration in the model's archive is replaced by values of other types and sizes, or left
out, and the run is sealed again, as an attacker would; bytes of CSV, Parquet, journal, predictions
and archive are flipped, cut, doubled. A case is refused (a SteelyardError, or `verify` does
not hold), taken (nothing that was computed differs: a field that nobody reads), or crashed (any
other exception), which is a fault: the command line would show one line, but no useful one.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
from click.testing import CliRunner

import steelyard
from steelyard.cli import main as cli
from steelyard.comparison.verify import verify_run
from steelyard.models.archive import load_archive
from steelyard.runs.journal import Journal
from steelyard.runs.seal import sealed
from steelyard.runs.store import load, write_report

LEFT_OUT = object()
VALUES = (
    LEFT_OUT,
    None,
    True,
    0,
    -1,
    2**63,
    1e308,
    float("nan"),
    "",
    "x" * 300,
    "\x1b[2J",
    "../../etc",
    [],
    [None],
    {},
    {"kind": "x"},
)


def table(rows=200):
    rng = np.random.default_rng(0)
    y = (np.arange(rows) % 5 == 0).astype(int)
    return pl.DataFrame(
        {
            "a": (rng.normal(size=rows) + y).round(3),
            "b": rng.choice(["x", "y", "ä"], rows),
            "day": [f"2024-01-{i % 28 + 1:02}" for i in range(rows)],
            "y": y,
        }
    )


def fields(values, place=()):
    """The place of every value in nested lists and mappings; of a list the first two."""
    yield place
    inner = values.items() if isinstance(values, dict) else ()
    if isinstance(values, list):
        inner = list(enumerate(values))[:2]
    for key, value in inner:
        yield from fields(value, (*place, key))


def replaced(values, place, value):
    copy = json.loads(json.dumps(values))
    if not place:
        return value
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    if value is not LEFT_OUT:
        inner[place[-1]] = value
    else:
        del inner[place[-1]]
    return copy


def damaged(data, rng):
    """Bytes with some of them flipped, cut out, zeroed, doubled or added."""
    data, kind = bytearray(data), rng.integers(6)
    at = int(rng.integers(max(len(data), 1)))
    if kind == 0:
        for place in rng.integers(len(data), size=int(rng.integers(1, 9))):
            data[place] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        del data[at:]
    elif kind == 2:
        del data[at : at + int(rng.integers(1, 400))]
    elif kind == 3:
        data[at : at + 200] = bytes(min(200, len(data) - at))
    elif kind == 4:
        data[at:at] = data[at : at + 300]
    else:
        words = (b'"', b"\n", b"\0", b"\xff\xfe", b",,,", b"1e999", b"=1+1", b"\r", b"NaN", b"[[[[")
        data[at:at] = words[int(rng.integers(len(words)))] * int(rng.integers(1, 40))
    return bytes(data)


class Campaign:
    """A run to damage, and what came of it."""

    def __init__(self, home, seed):
        self.home, self.rng = home, np.random.default_rng(seed)
        table().write_csv(home / "t.csv")
        table().write_parquet(home / "t.parquet")
        steelyard.compare(
            home / "t.csv",
            "y",
            techniques=["plain"],
            folds=2,
            repeats=1,
            model="trees",
            out=home / "good",
        )
        self.found = {}
        self.crashes = Counter()

    def fresh(self):
        shutil.rmtree(self.home / "run", ignore_errors=True)
        shutil.copytree(self.home / "good", self.home / "run")
        return self.home / "run"

    def note(self, kind, act):
        """Count what `act` comes to; it returns whether it was taken."""
        try:
            came = "taken" if act() else "refused"
        except steelyard.SteelyardError:
            came = "refused"
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - what is counted, polars' panics too
            came = "crashed"
            place = error.__traceback__
            while place.tb_next and "steelyard" in place.tb_next.tb_frame.f_code.co_filename:
                place = place.tb_next
            where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}"
            self.crashes[f"{kind}: {type(error).__name__} in {where}: {str(error)[:90]}"] += 1
        self.found.setdefault(kind, Counter())[came] += 1

    def field_of_run(self):
        run = self.fresh()
        values = json.loads((run / "run.json").read_text())
        new = self.changed({k: v for k, v in values.items() if k not in ("files", "seal")})
        if new is LEFT_OUT:
            return

        def act():
            finite = "NaN" not in json.dumps(new)  # which no seal can be made of
            content = sealed(new, run) if isinstance(new, dict) and finite else new
            (run / "run.json").write_text(json.dumps(content))
            study = load(run)
            write_report(study.run, run)
            return verify_run(run)["holds"]

        self.note("field of run.json, sealed again", act)

    def field_of_ledger(self):
        run = self.fresh()
        new = self.changed(json.loads((run / "ledger.json").read_text()))
        (run / "ledger.json").write_text(json.dumps(None if new is LEFT_OUT else new))
        content = sealed(json.loads((run / "run.json").read_text()), run)
        (run / "run.json").write_text(json.dumps(content))
        self.note("field of ledger.json, sealed again", lambda: verify_run(run)["holds"])

    def bytes_of(self, name, act):
        run = self.fresh()
        (run / name).write_bytes(damaged((run / name).read_bytes(), self.rng))
        content = sealed(json.loads((self.home / "good" / "run.json").read_text()), run)
        if name != "run.json":
            (run / "run.json").write_text(json.dumps(content))
        self.note(f"bytes of {name}", lambda: act(run))

    def journal(self):
        run = self.fresh()
        request = json.loads((run / "journal.jsonl").read_text().splitlines()[0])["request"]
        (run / "run.json").unlink()
        data = damaged((run / "journal.jsonl").read_bytes(), self.rng)
        (run / "journal.jsonl").write_bytes(data)

        def act():
            with Journal(run, request, 2):
                return True

        self.note("bytes of journal.jsonl, continued", act)

    def field_of_journal(self):
        run = self.fresh()
        lines = (run / "journal.jsonl").read_text().splitlines()
        request = json.loads(lines[0])["request"]
        (run / "run.json").unlink()
        at = int(self.rng.integers(len(lines)))
        new = self.changed(json.loads(lines[at]))
        lines[at] = "" if new is LEFT_OUT else json.dumps(new)
        (run / "journal.jsonl").write_text("\n".join(lines) + "\n")

        def act():
            with Journal(run, request, 2):
                return True

        self.note("field of journal.jsonl, continued", act)

    def field_of_archive(self):
        run = self.fresh()
        with zipfile.ZipFile(run / "model.keras") as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        name = ("config.json", "config.json", "metadata.json")[int(self.rng.integers(3))]
        new = self.changed(json.loads(members[name]))
        members[name] = b"" if new is LEFT_OUT else json.dumps(new).encode()
        with zipfile.ZipFile(run / "model.keras", "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        self.note("field of model.keras", lambda: bool(load_archive(run / "model.keras")))

    def changed(self, values):
        """With one of its fields replaced."""
        places = list(fields(values))
        place = places[int(self.rng.integers(len(places)))]
        return replaced(values, place, VALUES[int(self.rng.integers(len(VALUES)))])

    def table(self, name):
        path = self.home / f"damaged{Path(name).suffix}"
        path.write_bytes(damaged((self.home / name).read_bytes(), self.rng))

        def act():
            result = CliRunner().invoke(cli, ["inspect", str(path), "--target", "y", "--quiet"])
            if "steelyard's, not of yours" in result.stderr:
                raise AssertionError(result.stderr)
            return result.exit_code == 0

        self.note(f"bytes of a table: {Path(name).suffix}", act)

    def every(self):
        yield from [self.field_of_run] * 8
        yield from (self.field_of_ledger, self.field_of_journal, self.journal)
        yield self.field_of_archive
        yield lambda: self.bytes_of("run.json", lambda run: bool(load(run)))
        for name in ("predictions.parquet", "uncorrected.parquet", "journal.jsonl"):
            yield lambda name=name: self.bytes_of(name, lambda run: verify_run(run)["holds"])
        yield lambda: self.bytes_of(
            "model.keras", lambda run: bool(load_archive(run / "model.keras"))
        )
        for name in ("t.csv", "t.parquet"):
            for _ in range(2):
                yield lambda name=name: self.table(name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        campaign = Campaign(Path(home), asked.seed)
        start = time.monotonic()
        while time.monotonic() - start < asked.seconds:
            for act in campaign.every():
                act()
    print(f"{'what was damaged':<38} {'refused':>8} {'taken':>8} {'crashed':>8}")
    for kind, counts in sorted(campaign.found.items()):
        print(f"{kind:<38} {counts['refused']:>8} {counts['taken']:>8} {counts['crashed']:>8}")
    for crash, times in campaign.crashes.most_common(40):
        print(f"{times:>4} x {crash}")
    sys.exit(bool(campaign.crashes))


if __name__ == "__main__":
    main()
