"""The PostgreSQL that other tests rely on is real, durable and empty."""

import psycopg
import pytest

pytestmark = pytest.mark.postgres


def test_it_answers_and_syncs_to_disk(postgres_url):
    with psycopg.connect(postgres_url) as connection:
        version = connection.execute("SELECT version()").fetchone()
        settings = connection.execute(
            "SELECT current_setting('fsync'), current_setting('synchronous_commit')"
        ).fetchone()

    assert version
    assert version[0].startswith("PostgreSQL ")
    assert settings == ("on", "on")


@pytest.mark.parametrize("turn", ["first", "second"])
def test_every_test_gets_an_empty_database_of_its_own(postgres_database, turn):
    with psycopg.connect(postgres_database) as connection:
        connection.execute("CREATE TABLE register (mark text)")
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        [(name, *setup)] = connection.execute(
            "SELECT datname, datcollate, pg_encoding_to_char(encoding)"
            " FROM pg_database WHERE datname = current_database()"
        ).fetchall()

    assert tables == [("register",)]
    assert name.startswith("enid_")
    assert setup == ["C", "UTF8"]
