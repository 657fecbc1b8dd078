"""The garbage collector is a command's own to set, and nobody else's."""

import gc
import subprocess
import sys

from steelyard.cli import main

PROGRAM = """
import gc, sys
from steelyard.cli import main
sys.argv = ["steelyard", "--version"]
main(standalone_mode=False)
print(gc.get_threshold()[0])
"""


def test_called_from_python_it_is_left_alone():
    before = gc.get_threshold()
    main(["--version"], standalone_mode=False)
    assert gc.get_threshold() == before


def test_a_program_collects_seldom_and_ends_as_ever():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > gc.get_threshold()[0]
