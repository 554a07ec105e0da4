"""Runs migrations on a connection of their own, in one transaction.

On SQLite foreign keys are off meanwhile: recreating a parent table would otherwise
delete its children (T6); they are checked before the commit.
"""

from alembic import context
from flask import current_app
from sqlalchemy import NullPool, create_engine, event

from server.extensions import Base


def run() -> None:
    url = current_app.config["DATABASE_URL"]
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    is_sqlite = engine.dialect.name == "sqlite"
    if is_sqlite:

        @event.listens_for(engine, "connect")
        def _own_transactions(connection, _record):
            connection.isolation_level = None
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("PRAGMA journal_mode = WAL")

        @event.listens_for(engine, "begin")
        def _begin(connection):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=is_sqlite,
            transactional_ddl=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
            if is_sqlite:
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    raise RuntimeError("the migration would break foreign keys")


run()
