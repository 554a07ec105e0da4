"""Builds for the tests: of the app, and of a tiny page with its worker and updates."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from tests.e2e.live import LiveServer
from tools import setup

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
    return run(source, out)


def built_app(folder: Path) -> Path:
    """The app as its sources say now; what `make` has built is taken as it is."""
    built = setup.APP.resolve()
    if built.name == f"app-{setup.sources_hash()}" and built.is_dir():
        return built
    return changed_app(folder, "app", {})


def changed_app(
    folder: Path, name: str, changes: Mapping[str, tuple[str, str]]
) -> Path:
    """The app with other words in some of its sources: a version of its own."""
    source = folder / f"source {name}"
    for path in (*setup.APP_SOURCES, "package.json"):
        place = source / path
        place.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (PWA / path).is_dir() else shutil.copyfile
        copy(PWA / path, place)
    (source / "node_modules").symlink_to(PWA / "node_modules")
    for path, (old, new) in changes.items():
        file = source / path
        assert old in file.read_text(), f"{path} does not say {old}"
        file.write_text(file.read_text().replace(old, new))
    return run(source, folder / name)


def run(source: Path, out: Path) -> Path:
    """Let Vite build a folder of sources."""
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
    """A real server that serves some build, and can go on with another.

    Attributes:
        ahead: how far its day is ahead of ours.
    """

    factory = "tests.pwa.served:create_app()"
    app: Path
    ahead = timedelta()

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {
            "ENID_APP": str(self.app),
            "ENID_STORY_AHEAD_S": str(self.ahead.total_seconds()),
        }

    def update(self, app: Path) -> None:
        """Start again on the same address with another build."""
        self.kill()
        self.app = app
        self.start()
