"""For each test an empty PostgreSQL database of its own, or an empty ledger."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from alerts.ledger import Ledger

SHARED = "ledger_shared"
EMPTY = """DO $$ DECLARE one record; BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);  -- in any order, whatever refers to what
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE 'DELETE FROM ' || quote_ident(one.tablename);
    END LOOP;
    FOR one IN SELECT sequencename FROM pg_sequences LOOP
        EXECUTE 'ALTER SEQUENCE ' || quote_ident(one.sequencename) || ' RESTART';
    END LOOP;
END $$"""


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """The address of a new database on the server that `server` leads to; gone afterwards, whoever is still in it."""
    name = f"ledger_{secrets.token_hex(4)}"
    run(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield at(server, name)
    finally:
        run(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def fresh_ledger(server: str) -> str:
    """The address of an empty ledger, until the next is asked for: one database for all, as making one takes a second."""
    url = at(server, SHARED)
    if not run(server, "SELECT 1 FROM pg_database WHERE datname = %s", SHARED):
        run(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(SHARED)))
        with closing(Ledger(url)) as ledger:
            ledger.migrate()
    run(server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", SHARED)
    run(url, EMPTY)
    return url


def at(server: str, database: str) -> str:
    return make_url(server).set(database=database).render_as_string(hide_password=False)


def run(url: str, statement: str | sql.Composed, *values: Any) -> list[tuple[Any, ...]]:
    """One statement on a connection of its own, committed; the rows it gave."""
    with psycopg.connect(url, autocommit=True) as conn:
        found = conn.execute(statement, values)
        return found.fetchall() if found.description else []
