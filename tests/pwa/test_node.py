"""The app's own tests, which node runs: this shows them to pytest as one."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 600


def test_the_tests_of_the_app_pass():
    path = str(ROOT / ".venv" / "bin") + os.pathsep + os.environ["PATH"]
    done = subprocess.run(
        ["npm", "test", "--silent"],
        cwd=ROOT / "pwa", env=os.environ | {"PATH": path}, timeout=PATIENCE_S,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(done.stdout + done.stderr)
    assert done.returncode == 0, "node's tests failed; what it said is below"
    assert re.search(r"\bpass [1-9]", done.stdout), "node ran no tests"
