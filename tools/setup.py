"""Prepare the checkout for the Makefile: `python3 tools/setup.py run|dev|lock`.

`run` installs what the server and the `enid` command need and builds the app, `dev`
adds the tools, the tests and a browser, `lock` writes the lock files anew (`lock
--upgrade` takes newer versions). Packages come only from the lock files and only with
the hashes noted there. A second call finds its stamps and does nothing. Standard
library only, and plain enough for an old Python to read, so that the wrong Python gets
a sentence and not a traceback.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
PWA = ROOT / "pwa"
APP = ROOT / "build" / "app"
# What the built app is made of: these in `pwa/`, and no tests.
APP_SOURCES = (
    "index.html",
    "package-lock.json",
    "paths.json",
    "public",
    "src",
    "tsconfig.json",
    "vite.config.ts",
    "worker",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
OLDEST_PYTHON = (3, 11)

# What pip prints, and what the reader can do about it; the first match counts.
PIP_ADVICE = (
    (
        "DO NOT MATCH THE HASHES",
        "A package differs from the one in the lock file, so nothing was installed "
        "from it. Try another network; if it stays so, do not go on.",
    ),
    (
        "No space left on device",
        "The disk is full: free about 1 GB and run this again.",
    ),
    (
        "from versions: none",
        "The Python package index cannot be reached: check the network "
        "(or the proxy) and run this again.",
    ),
    (
        "No matching distribution",
        "No package fits this Python: use Python 3.11 to 3.14 "
        "(make PYTHON=python3.12 ...).",
    ),
)

NPM_ADVICE = (
    (
        "EINTEGRITY",
        "A package differs from the one in pwa/package-lock.json, so it was not "
        "installed. Try another network; if it stays so, do not go on.",
    ),
    ("ENOSPC", "The disk is full: free about 1 GB and run this again."),
    *(
        (
            sign,
            "The npm registry cannot be reached, and the app is built from it: check "
            "the network (or npm's `registry` and `proxy` settings) and run this "
            "again.",
        )
        for sign in (
            "ENOTFOUND",
            "EAI_AGAIN",
            "ECONNREFUSED",
            "ECONNRESET",
            "ETIMEDOUT",
            "ENETUNREACH",
            "E403",
            "E404",
            "E50",
            "network",
        )
    ),
)

ENID_COMMAND = """#!/bin/sh
exec "{python}" -P -c 'import sys
from sync.cli import main
sys.argv[0] = "enid"
sys.exit(main())' "$@"
"""


def main(arguments):
    use_a_new_enough_python()
    wanted = arguments[0] if arguments else "dev"
    if wanted == "lock":
        write_locks(upgrade="--upgrade" in arguments)
    elif wanted in LOCKS:
        with one_at_a_time():
            prepare(wanted)
            install_npm_packages()
            build_app()
            if wanted == "dev":
                find_browser()
    else:
        stop("Usage: python3 tools/setup.py run|dev|lock [--upgrade]")


def use_a_new_enough_python():
    """Go on under another Python of this machine when the default one is too old."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    for minor in (14, 13, 12, 11):
        newer = shutil.which("python3.%d" % minor)
        if newer:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606 - no shell is wanted
    stop(
        "Enid needs Python 3.11 or newer; this is %d.%d. Install a newer one, or name "
        "it: make PYTHON=/path/to/python3.11 ..." % sys.version_info[:2]
    )


def one_at_a_time():
    """Make a second set-up in the same checkout wait for the first."""
    own_source = open(__file__, "rb")  # noqa: SIM115 - returned, closed by the caller
    try:
        fcntl.flock(own_source, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Waiting for another set-up in this folder to finish ...")
        fcntl.flock(own_source, fcntl.LOCK_EX)
    except OSError:
        pass  # some network disks have no locks; then only the advice is lost
    return own_source


def prepare(wanted):
    site_packages = probe()
    # The development lock holds everything of the other, in the same versions.
    enough = ("dev",) if wanted == "dev" else ("run", "dev")
    if site_packages and any(stamp(name).exists() for name in enough):
        return
    started = time.monotonic()
    if not site_packages:
        site_packages = make_venv()
    for old in VENV.glob(".installed-*"):
        old.unlink()
    install(LOCKS[wanted])
    # The checkout itself needs no build: a path file and one command are all of it.
    (site_packages / "enid.pth").write_text("%s\n" % ROOT)
    command = VENV / "bin" / "enid"
    command.write_text(ENID_COMMAND.format(python=VENV_PYTHON))
    command.chmod(0o755)
    stamp(wanted).touch()
    say("Ready after %.0f s; next time this step is skipped." % since(started))


def probe():
    """Return the environment's package folder, or None when it cannot be used."""
    if not VENV_PYTHON.exists():
        return None
    question = "import sysconfig, pip; print(sysconfig.get_path('purelib'))"
    answer = subprocess.run(
        [VENV_PYTHON, "-c", question], capture_output=True, text=True, check=False
    )
    # A copied checkout brings an environment along that points elsewhere.
    inside = answer.stdout.startswith(str(VENV) + os.sep)
    return Path(answer.stdout.strip()) if answer.returncode == 0 and inside else None


def stamp(name):
    """Name the file that says: this lock, in this place, is installed."""
    known = (ROOT / LOCKS[name]).read_bytes() + str(ROOT).encode()
    return VENV / (".installed-%s-%s" % (name, hashlib.sha256(known).hexdigest()[:16]))


def make_venv():
    version = "%d.%d" % sys.version_info[:2]
    say("Creating .venv with Python %s ..." % version)
    if sys.prefix == str(VENV):
        stop("The .venv of this folder is active but damaged: run `deactivate` first.")
    if not has_module("ensurepip"):
        install_debian_venv(version)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV],
        capture_output=True,
        text=True,
        check=False,
    )
    site_packages = probe()
    if made.returncode or not site_packages:
        sys.stderr.write(made.stdout + made.stderr)
        stop(
            "Python could not make a virtual environment. On Debian or Ubuntu: "
            "apt-get install python%s-venv. Then run this again." % version
        )
    return site_packages


def has_module(name):
    """Ask in a new process: Debian ships some modules of Python separately."""
    asked = [sys.executable, "-c", "import %s" % name]
    return not subprocess.run(asked, capture_output=True, check=False).returncode


def install_debian_venv(version):
    # Where this may not be done, `python -m venv` fails, and its advice follows.
    install_from_debian("python%s-venv" % version)


def install_from_debian(package):
    """Ask apt-get for a package, where there is one and we may."""
    if os.geteuid() or not shutil.which("apt-get"):
        return
    say("Installing Debian's %s (once) ..." % package)
    for step in (["update"], ["install", "-y", package]):
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        subprocess.run(
            # Another program may hold the lock for a while.
            ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=400", *step],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
        )


def install(lock):
    count = (ROOT / lock).read_text().count("==")
    say("Installing up to %d packages from %s (once) ..." % (count, lock))
    options = ["--require-hashes", "--no-input", "--disable-pip-version-check", "-q"]
    pip(VENV_PYTHON, *options, "-r", str(ROOT / lock))


def pip(python, *options):
    done = subprocess.run(
        [python, "-m", "pip", "install", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stdout[-3000:])
        stop(
            next(
                (advice for sign, advice in PIP_ADVICE if sign in done.stdout),
                "pip could not install the packages; its last words are above.",
            )
        )


def install_npm_packages():
    """Install what `pwa/package-lock.json` names, unless it is there."""
    lock = (PWA / "package-lock.json").read_bytes()
    name = ".installed-%s" % hashlib.sha256(lock + str(ROOT).encode()).hexdigest()[:16]
    done = PWA / "node_modules" / name
    if done.exists():
        return
    started = time.monotonic()
    say("Installing the app's packages from pwa/package-lock.json (once) ...")
    # A failure is told within seconds, not after npm's own two minutes of waiting.
    patience = ["retries=2", "retry-mintimeout=1000", "retry-maxtimeout=5000"]
    patience = ["--fetch-" + option for option in patience]
    node_tool(
        "npm", ["ci", *patience], NPM_ADVICE, "npm could not install the packages"
    )
    done.touch()
    say("Installed after %.0f s." % since(started))


def build_app():
    """Build `pwa/` into a folder of its own, and let `build/app` lead there.

    A server that runs meanwhile goes on with the build that it started with.
    """
    built = APP.with_name("app-" + sources_hash())
    before = APP.resolve()
    if before == built and built.exists():
        return
    started = time.monotonic()
    say("Building the app ...")
    fresh, link = APP.with_name("app.new"), APP.with_name("app.link")
    if not built.exists():
        out = {"ENID_APP_OUT": str(fresh)}
        node_tool("npm", ["run", "-s", "build"], (), "The app could not be built", out)
        fresh.rename(built)
    link.unlink(missing_ok=True)
    if APP.is_dir() and not APP.is_symlink():
        shutil.rmtree(APP)
    link.symlink_to(built.name)
    link.replace(APP)
    for older in APP.parent.glob("app-*"):
        if older not in (built, before):
            shutil.rmtree(older)
    say("Built after %.0f s." % since(started))


def sources_hash():
    """Name the state of everything that the built app is made of."""
    digest = hashlib.sha256()
    for name in APP_SOURCES:
        place = PWA / name
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file():
                digest.update(b"%s\0" % str(file.relative_to(PWA)).encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def node_tool(tool, arguments, advice, failure, settings=()):
    """Run npm with the node of the environment, silent unless it fails."""
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", "")])
    environment = dict(os.environ, PATH=path, NODE_ENV="", NO_COLOR="1")
    environment.update(settings)
    done = subprocess.run(
        [VENV / "bin" / tool, *arguments],
        cwd=PWA,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stdout[-3000:])
        general = failure + "; its last words are above."
        stop(next((told for sign, told in advice if sign in done.stdout), general))


def find_browser():
    """See that the tests have a Chromium; without one they say so themselves."""
    if any(shutil.which(name) for name in BROWSERS):
        return
    install_from_debian("chromium")
    if not any(shutil.which(name) for name in BROWSERS):
        say(
            "No Chromium was found, so the tests of the app in a browser cannot run. "
            "On Debian or Ubuntu: apt-get install chromium. It must be on the PATH."
        )


def write_locks(upgrade):
    """Resolve `pyproject.toml` for all platforms: hashes, and no index address."""
    with tempfile.TemporaryDirectory() as folder:
        say("Fetching uv, which writes the lock files ...")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip(Path(folder) / "bin" / "python", "-q", "uv")
        command = [folder + "/bin/uv", "pip", "compile", "--quiet"]
        command += ["--universal", "--generate-hashes", "--no-emit-index-url"]
        command += ["--no-config", "--custom-compile-command", "make lock"]
        command += ["--upgrade"] if upgrade else []
        # The second is held to the versions of the first.
        for lock, more in (
            ("requirements.lock", []),
            ("requirements-dev.lock", ["--extra=dev", "-c", "requirements.lock"]),
        ):
            say("Writing %s ..." % lock)
            subprocess.run(
                [*command, *more, "pyproject.toml", "-o", lock], cwd=ROOT, check=True
            )


def since(started):
    return time.monotonic() - started


def say(sentence):
    print(sentence, flush=True)


def stop(sentence):
    sys.stderr.write("\n%s\n" % sentence)
    sys.exit(2)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        stop("Interrupted: nothing is harmed, the next run goes on from here.")
