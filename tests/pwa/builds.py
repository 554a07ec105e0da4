"""Builds of a tiny page with the real worker, build and update module."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.e2e.live import LiveServer

ROOT = Path(__file__).resolve().parents[2]
PWA = ROOT / "pwa"
PAGE = "tests/worker/page.ts"
COPIED = (
    "package.json", "paths.json", "tsconfig.json", "vite.config.ts", "public", "worker",
    "src/sync/update.ts", PAGE, "tests/worker/lazy.ts",
)  # fmt: skip


def build(folder: Path, name: str) -> Path:
    """Build the page under a name; the folder of the result."""
    source, out = folder / f"source {name}", folder / name
    for path in COPIED:
        place = source / path
        place.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (PWA / path).is_dir() else shutil.copyfile
        copy(PWA / path, place)
    (source / "node_modules").symlink_to(PWA / "node_modules")
    shell = (PWA / "index.html").read_text()
    (source / "index.html").write_text(shell.replace("src/ui/boot.tsx", PAGE))
    for script in (source / PAGE, source / "tests/worker/lazy.ts"):
        script.write_text(script.read_text().replace("build N", f"build {name}"))
    tools = str(ROOT / ".venv" / "bin")
    done = subprocess.run(
        ["npm", "run", "-s", "build"],
        cwd=source, capture_output=True, text=True, check=False,
        env=os.environ | {
            "ENID_APP_OUT": str(out), "PATH": tools + os.pathsep + os.environ["PATH"],
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return out


class AppServer(LiveServer):
    """A real server that serves some build, and can go on with another."""

    app: Path

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"ENID_APP": str(self.app)}

    def update(self, app: Path) -> None:
        """Start again on the same address with another build."""
        self.kill()
        self.app = app
        self.start()
