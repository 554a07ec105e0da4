"""How gunicorn runs Enid: one process of many threads on SQLite."""

import gc
import os
from contextlib import suppress
from typing import Any

from gunicorn.http.errors import ParseException
from gunicorn.util import write_error
from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):  # type: ignore[misc]
    """Repeats nothing of what is no request at all, neither in answer nor log.

    gunicorn's own writes the broken line and the address into both (SEC-46).
    """

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        status, reason = 400, "Bad Request"
        if not isinstance(exc, ParseException):
            status, reason = 500, "Internal Server Error"
            self.log.error("fault outside the application: %s", type(exc).__name__)
        with suppress(OSError):
            write_error(client, status, reason, "")


bind = f"{os.environ.get('ENID_BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = Worker
# As many as ``server.config.THREADS``; importing it here would load the whole
# application into the master process, 55 MiB that nothing uses.
threads = 64
# The one writer of a SQLite database lives in one process; PostgreSQL takes many.
on_postgres = os.environ.get("DATABASE_URL", "").startswith("postgres")
workers = int(os.environ.get("WEB_CONCURRENCY", "2")) if on_postgres else 1
keepalive = 30
graceful_timeout = 20
# Otherwise gunicorn opens a socket in the home directory (T8).
control_socket_disable = True
# The application writes its own log, which knows what must not stand in one.
accesslog = None


def post_worker_init(_worker: object) -> None:
    """What was imported stays: the collector need not look at it again."""
    gc.collect()
    gc.freeze()
