"""What every test would do anew at a cost and to no purpose: hash passwords with much work, and run all migrations.

Both are done as in production by tests marked `as_shipped`, whose subject they are, and by every process that a test starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, create_engine

import alerts.ledger.migrations.upgrade as migrations
import alerts.ledger.users as passwords

run_steps = migrations.upgrade


@pytest.fixture(autouse=True)
def quicker(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("as_shipped"):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", hasher)
        patch.setattr(passwords, "_nobody", nobody)
        patch.setattr(migrations, "upgrade", upgrade)
        yield


@cache
def hasher() -> PasswordHasher:
    """Argon2id all the same, with the least work."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@cache
def nobody() -> str:
    return hasher().hash("nobody")


def upgrade(conn: Connection) -> None:
    """An empty SQLite file gets what the migrations made of another; everything else goes through them."""
    if conn.dialect.name != "sqlite" or conn.exec_driver_sql("SELECT 1 FROM sqlite_master").first():
        run_steps(conn)
        return
    for statement in made_by_the_steps():
        conn.exec_driver_sql(statement)


@cache
def made_by_the_steps() -> tuple[str, ...]:
    engine = create_engine("sqlite://")
    with engine.connect() as conn:
        with conn.begin():
            run_steps(conn)
        dump = conn.connection.driver_connection.iterdump()  # type: ignore[union-attr]
        statements = tuple(line for line in dump if line not in ("BEGIN TRANSACTION;", "COMMIT;"))
    engine.dispose()
    return statements
