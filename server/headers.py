"""Security headers on every answer, from the outermost WSGI layer.

Flask's own hooks do not see files, nor what fails before Flask (T3), so these are
added outside. Sources: ``security.md`` 5.2; ``trusted-types sw`` and no
``Integrity-Policy``, because the app's worker and lazy chunks need them so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "frame-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types sw",
    )
)
_NOBODY = (
    "accelerometer", "display-capture", "geolocation", "gyroscope", "microphone",
    "payment", "usb", "serial", "hid", "midi", "idle-detection",
    "browsing-topics",
)  # fmt: skip
_OURSELVES = ("camera", "publickey-credentials-get", "publickey-credentials-create",
              "screen-wake-lock")  # fmt: skip
PERMISSIONS = ", ".join(
    [f"{name}=()" for name in _NOBODY] + [f"{name}=(self)" for name in _OURSELVES]
)
HEADERS = [
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Origin-Agent-Cluster", "?1"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", PERMISSIONS),
]
TRANSPORT = (
    "Strict-Transport-Security",
    "max-age=63072000; includeSubDomains; preload",
)

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def with_headers(inner: WSGI, origin: str) -> WSGI:
    """Wrap a WSGI application; answers of the API are stored nowhere."""
    ours = [*HEADERS, TRANSPORT] if origin.startswith("https:") else HEADERS

    def outer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        caching = "no-store" if environ["PATH_INFO"].startswith("/v1/") else "no-cache"

        def start(status: str, given: list[tuple[str, str]], *rest: Any) -> Any:
            added = [*given, *ours]
            if not any(name.lower() == "cache-control" for name, _ in given):
                added.append(("Cache-Control", caching))
            return start_response(status, added, *rest)

        return inner(environ, start)

    return outer
