"""PostgreSQL stops, dies, turns away, is locked for long: the ledger says that it is away, and heals by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from threading import Barrier, Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, make_url

from alerts.cases import act
from alerts.ledger import EventFilter, Ledger, engine
from alerts.ledger.tables import metadata
from app.servers.postgres import Postgres
from stream.errors import Unavailable
from tests.alerts.town import NOW, event
from tests.contract.ledger_base import opened
from tests.contract.ledger_races import together
from tests.servers.fresh import fresh_database, run


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with closing(Ledger(url)) as ledger:
        ledger.migrate()
        yield ledger


def save(ledger: Ledger, *names: str) -> None:
    with ledger.begin() as tx:
        tx.events.save([event(name) for name in names], {})


def count(ledger: Ledger) -> int:
    with ledger.read() as tx:
        return tx.events.count(EventFilter())


def with_option(url: str, **settings: int) -> str:
    words = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return make_url(url).update_query_dict({"options": words}).render_as_string(hide_password=False)


def with_user(url: str, name: str, password: str = "") -> str:
    return make_url(url).set(username=name, password=password or None).render_as_string(hide_password=False)


def test_the_migrations_build_the_tables_as_they_are_described(ledger: Ledger, url: str) -> None:
    plain = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with plain.connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata) == []
        indexes = {ix["name"] for table in metadata.tables for ix in inspect(conn).get_indexes(table)}
        assert {ix.name for table in metadata.tables.values() for ix in table.indexes} <= indexes
    plain.dispose()


def test_a_first_start_of_many(url: str) -> None:
    def start() -> int:
        with closing(Ledger(url)) as ledger:
            ledger.migrate()
            return count(ledger)

    assert together(*[start] * 6) == [0] * 6


def test_a_server_that_stops_and_comes_back(postgres_server: Postgres, ledger: Ledger, url: str) -> None:
    save(ledger, "ev-1")
    postgres_server.stop()
    try:
        for use in (ledger.migrate, lambda: save(ledger, "ev-2"), lambda: count(ledger)):
            with pytest.raises(Unavailable, match="暂时不能用"):
                use()
    finally:
        postgres_server.start()
    save(ledger, "ev-2")  # with the connections of before, of which none is alive
    assert count(ledger) == 2


def test_a_server_that_dies_in_the_middle(postgres_server: Postgres, ledger: Ledger) -> None:
    save(ledger, "ev-1")

    def interrupted() -> None:
        with ledger.begin() as tx:
            tx.events.save([event("ev-2")], {})
            postgres_server.kill()
            tx.events.save([event("ev-3")], {})

    try:
        with pytest.raises(Unavailable):
            interrupted()
    finally:
        postgres_server.start()
    assert count(ledger) == 1


def test_a_server_that_dies_before_the_commit(postgres_server: Postgres, ledger: Ledger) -> None:
    def interrupted() -> None:
        with ledger.begin() as tx:
            tx.events.save([event("ev-2")], {})
            postgres_server.kill()

    try:
        with pytest.raises(Unavailable):
            interrupted()
    finally:
        postgres_server.start()
    assert count(ledger) == 0


def test_a_reader_whose_server_dies(postgres_server: Postgres, ledger: Ledger) -> None:
    def interrupted() -> None:
        with ledger.read() as tx:
            postgres_server.kill()
            tx.events.count(EventFilter())

    try:
        with pytest.raises(Unavailable):
            interrupted()
    finally:
        postgres_server.start()
    assert count(ledger) == 0


def test_a_server_that_answers_nothing(postgres_server: Postgres, url: str) -> None:
    postgres_server.pause()
    try:
        with (
            closing(Ledger(f"{url}?connect_timeout=2")) as ledger,
            pytest.raises(Unavailable, match="连不上"),
        ):
            ledger.migrate()
    finally:
        postgres_server.resume()


def test_a_session_that_the_server_ends(ledger: Ledger, url: str) -> None:
    def ended() -> None:
        with ledger.begin() as tx:
            tx.events.save([event("ev-1")], {})
            run(
                url,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'minsheng'",
            )
            tx.events.save([event("ev-2")], {})

    with pytest.raises(Unavailable, match=r"停止或启动|连不上|断了"):
        ended()
    assert count(ledger) == 0


def test_a_server_that_takes_no_more_connections(ledger: Ledger, url: str) -> None:
    run(url, "CREATE ROLE few LOGIN CONNECTION LIMIT 0")
    try:
        with (
            closing(Ledger(with_user(url, "few", "s3cret"))) as other,
            pytest.raises(Unavailable, match="too many connections") as raised,
        ):
            other.migrate()
    finally:
        run(url, "DROP ROLE few")
    assert "s3cret" not in f"{raised.value!r} {raised.value.__cause__!r}"


def test_a_pool_that_is_used_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "POOL_WAIT", 0.2)
    with closing(Ledger(url, pool=1)) as busy, busy.read(), busy.read(), pytest.raises(Unavailable, match="都在使用中"):
        busy.migrate()


def test_a_row_that_another_holds_for_too_long(ledger: Ledger, url: str) -> None:
    save(ledger, "ev-1")
    with closing(Ledger(with_option(url, lock_timeout=100))) as hasty, ledger.begin() as tx:
        tx.events.save([event("ev-1", posts=9)], {})
        with pytest.raises(Unavailable, match="占用过久"):
            save(hasty, "ev-1")


def test_a_character_that_postgres_has_no_form_for_costs_no_record(ledger: Ledger) -> None:
    odd = event("ev-1", title="夜间\0噪声 \\u0000", keywords=("噪\0声", "夜间"), sources={"bo\0ard": 2})
    case = opened(ledger, odd)
    with ledger.begin() as tx:
        tx.audit.add(NOW, "wang", "查\0看", "case-1")
        tx.cases.save(*act(case, "note", "wang", NOW, "电话\0已打"))
        assert tx.audit.find()[0].what == "查看"
        assert tx.cases.actions(case.id)[1].note == "电话已打"
        stored, opened_for = tx.events.get("ev-1"), tx.cases.get(case.id)
    assert stored == replace(odd, title="夜间噪声 \\u0000", keywords=("噪声", "夜间"), sources={"board": 2})
    assert opened_for is not None
    assert opened_for.title == "夜间噪声 \\u0000"


def test_a_statement_that_takes_too_long(url: str) -> None:
    with closing(Ledger(with_option(url, statement_timeout=50))) as hasty:
        with pytest.raises(Unavailable, match="执行过久"), hasty.read() as tx:
            tx.events._conn.exec_driver_sql("SELECT pg_sleep(5)")
        with hasty.read() as tx:
            assert tx.events._conn.exec_driver_sql("SELECT 1").scalar() == 1


def test_a_standby_cannot_be_written_to(ledger: Ledger, url: str) -> None:
    with closing(Ledger(with_option(url, default_transaction_read_only=1))) as standby:
        with pytest.raises(Unavailable, match="备库"):
            save(standby, "ev-1")
        assert count(standby) == 0


def test_of_two_that_wait_for_each_other_one_gives_way(ledger: Ledger) -> None:
    """It gets Unavailable, so whoever called repeats the whole transaction; nothing of it is stored."""
    save(ledger, "a", "b")
    held = Barrier(2)

    def change(first: str, second: str) -> str:
        with ledger.begin() as tx:
            tx.events.save([event(first, title=f"{first} 先")], {})
            held.wait()
            tx.events.save([event(second, title=f"{first} 先")], {})
        return "done"

    done = together(lambda: change("a", "b"), lambda: change("b", "a"))
    assert [type(one) for one in done if one != "done"] == [Unavailable]
    with ledger.read() as tx:
        assert len({one.title for one in tx.events.find(EventFilter())}) == 1


def test_the_sessions_say_who_they_are_and_have_limits(ledger: Ledger) -> None:
    wanted = "application_name statement_timeout lock_timeout idle_in_transaction_session_timeout"
    with ledger.read() as tx:
        found = [tx.events._conn.exec_driver_sql(f"SHOW {name}").scalar() for name in wanted.split()]
    assert found == ["minsheng", "1min", "10s", "2min"]


def test_an_address_may_say_otherwise(url: str) -> None:
    with closing(Ledger(f"{url}?application_name=town&options=-c%20lock_timeout%3D7s")) as ledger, ledger.read() as tx:
        names = ("application_name", "lock_timeout")
        assert [tx.events._conn.exec_driver_sql(f"SHOW {name}").scalar() for name in names] == ["town", "7s"]


def test_threads_that_are_turned_away_leave_the_pool_whole(postgres_server: Postgres, ledger: Ledger) -> None:
    save(ledger, "ev-1")
    postgres_server.stop()
    try:
        assert [type(one) for one in together(*[lambda: count(ledger)] * 12)] == [Unavailable] * 12
    finally:
        postgres_server.start()
    found: list[int] = []
    threads = [Thread(target=lambda: found.append(count(ledger))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 12
