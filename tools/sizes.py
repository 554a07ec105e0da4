"""How large the built app is: `python tools/sizes.py [build/app]`.

Eager is what the first screen waits for: the page, its scripts with whatever those
import statically, and its style sheets. Compressed sizes are those of the `.br` files
that the build leaves beside each file, which are what the server sends.
"""

import json
import re
import sys
from pathlib import Path

APP = Path(__file__).resolve().parent.parent / "build" / "app"
IN_PAGE = re.compile(r'<(?:script|link)[^>]*?\b(?:src|href)="(/assets/[^"]+)"')
STATIC = re.compile(r"""(?:\bfrom|(?<![\w$.])import)\s*["']\./([^"']+)["']""")
# The browser asks for these when it installs the app, the app itself never.
NOT_KEPT = re.compile(r"(?:icons/.*|screenshots/.*)\.png$|\.(?:br|gz)$")


def eager(app: Path = APP) -> list[Path]:
    """The files of the first screen: the page, scripts and style sheets."""
    page = app / "index.html"
    wanted = [app / path[1:] for path in IN_PAGE.findall(page.read_text())]
    found = [page]
    while wanted:
        file = wanted.pop()
        if file in found:
            continue
        found.append(file)
        if file.suffix == ".js":
            wanted += [file.parent / name for name in STATIC.findall(file.read_text())]
    return found


def kept(app: Path = APP) -> list[Path]:
    """The files that the worker keeps on the phone, and the worker."""
    files = (file for file in app.rglob("*") if file.is_file())
    return [f for f in files if not NOT_KEPT.search(str(f.relative_to(app)))]


def brotli(file: Path) -> int:
    """Bytes on the wire."""
    compressed = file.with_name(file.name + ".br")
    return (compressed if compressed.exists() else file).stat().st_size


def measure(app: Path = APP) -> dict[str, int]:
    """The figures for `build/bench.json`."""
    first = eager(app)
    return {
        "eager_js_bytes": sum(f.stat().st_size for f in first if f.suffix == ".js"),
        "eager_css_bytes": sum(f.stat().st_size for f in first if f.suffix == ".css"),
        "first_load_brotli_bytes": sum(map(brotli, first)),
        "precache_total_brotli_bytes": sum(map(brotli, kept(app))),
    }


def main() -> None:
    app = Path(sys.argv[1]) if sys.argv[1:] else APP
    if not (app / "index.html").exists():
        sys.exit(f"There is no built app in {app}: python3 tools/setup.py run")
    first = eager(app)
    for file in sorted(kept(app), key=brotli, reverse=True):
        mark = "first" if file in first else ""
        raw, sent = file.stat().st_size, brotli(file)
        print(f"{raw:9,} {sent:8,}  {mark:6}{file.relative_to(app)}")
    print(json.dumps(measure(app), indent=2))


if __name__ == "__main__":
    main()
