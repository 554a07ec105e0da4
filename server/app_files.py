"""The built app: its files, and its shell on the listed paths (``pwa/paths.json``).

Not a catch-all: what is neither a file nor a listed path goes on to Flask, which
answers 404. A missing script must never be answered by a page (ux.md, row 11).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from whitenoise import WhiteNoise

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / "build" / "app"
SHELL = "/index.html"
TYPES = {
    ".webmanifest": "application/manifest+json",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
# The build puts a hash of the content into the name of each of these.
NEVER_CHANGES = r"^/assets/"
# Canonical base64url of 32 bytes and of 16, and a page's word.
_PARTS = {
    ":circle": "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]",
    ":rec": "[A-Za-z0-9_-]{21}[AQgw]",
    ":page": "[a-z]+(?:-[a-z]+)*",
}

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def shell_paths() -> re.Pattern[str]:
    """What the app opens by its shell."""
    shapes = json.loads((ROOT / "pwa" / "paths.json").read_bytes())
    return re.compile("|".join(map(_pattern, shapes)))


def _pattern(shape: str) -> str:
    return "/".join(_PARTS.get(part) or re.escape(part) for part in shape.split("/"))


def _named(headers: Headers, path: str, _url: str) -> None:
    """Name a file by its content: two builds can agree in time and size.

    Platforms that set every file's time to one moment would hide an update for good.
    Weak, because the compressed forms go by the same name.
    """
    content = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    headers["ETag"] = f'W/"{content[:32]}"'


def with_app(inner: WSGI, folder: Path) -> WSGI:
    """Serve a built app before ``inner``; without a build there is only ``inner``.

    Files are looked up once, at the start, in the folder that a link leads to then:
    a later build does not mix with them.
    """
    folder = folder.resolve()
    if not (folder / "index.html").is_file():
        return inner
    files: WSGI = WhiteNoise(
        inner, root=str(folder), max_age=None, immutable_file_test=NEVER_CHANGES,
        allow_all_origins=False, mimetypes=TYPES, add_headers_function=_named,
    )  # fmt: skip
    opens_the_app = shell_paths().fullmatch

    def outer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return inner(environ, start_response)
        if opens_the_app(environ["PATH_INFO"]):
            environ = environ | {"PATH_INFO": SHELL}
        return files(environ, start_response)

    return outer
