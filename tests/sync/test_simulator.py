"""The fault simulator as a test: ``make sim`` is the same with more histories.

Its oracle is tested in ``tests/sim/test_oracle.py``; one seed in a hundred runs twice
and must give the same trace.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[1] / "sim" / "run.py"


@pytest.mark.slow
def test_five_hundred_histories_break_nothing_and_every_planted_bug_is_caught():
    """REL-01 to REL-16, PROTOCOL 8 and 14."""
    done = subprocess.run(
        [sys.executable, str(RUN), "--histories", "500"],
        capture_output=True,
        text=True,
        check=False,
    )
    *_, histories, caught = done.stdout.strip().splitlines() or ["", ""]
    assert histories == "500 histories, 0 violations", done.stdout + done.stderr
    found, planted = caught.removeprefix("caught ").split(" of ")
    assert found == planted, done.stdout
    assert int(planted) >= 20
    assert done.returncode == 0
