"""How gunicorn runs Enid: one process of many threads on SQLite."""

import os

from server.config import THREADS

bind = f"{os.environ.get('ENID_BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
threads = THREADS
# The one writer of a SQLite database lives in one process; PostgreSQL takes many.
on_postgres = os.environ.get("DATABASE_URL", "").startswith("postgres")
workers = int(os.environ.get("WEB_CONCURRENCY", "2")) if on_postgres else 1
keepalive = 30
graceful_timeout = 20
# Otherwise gunicorn opens a socket in the home directory (T8).
control_socket_disable = True
# The application writes its own log, which knows what must not stand in one.
accesslog = None
