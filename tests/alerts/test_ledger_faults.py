"""What becomes of the errors of a database: which pass by themselves, and that none of them tells a secret."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection
from sqlalchemy import event as hook
from sqlalchemy.exc import DBAPIError

from alerts.ledger import EventFilter, Ledger, engine
from alerts.ledger.faults import plainly
from stream.errors import MinshengError, Unavailable
from tests.alerts.town import event, link


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with closing(Ledger(f"sqlite:///{path}")) as ledger:
        ledger.migrate()
        yield ledger


@pytest.fixture
def unused_tcp_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def save(ledger: Ledger, *names: str) -> None:
    with ledger.begin() as tx:
        tx.events.save([event(name) for name in names], {})


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("08006", "连接断了"),
        ("25006", "备库"),
        ("25P03", "停顿过久"),
        ("28P01", "账号和密码"),
        ("3D000", "库名"),
        ("40001", "同时进行"),
        ("40P01", "互相等待"),
        ("53100", "磁盘已满"),
        ("53200", "资源不足"),
        ("53300", "连接数已满"),
        ("55P03", "占用过久"),
        ("57014", "执行过久"),
        ("57P01", "停止或启动"),
        ("57P02", "停止或启动"),
        ("57P03", "停止或启动"),
        ("58030", "读写出错"),
    ],
)
def test_what_passes_by_itself(code: str, why: str) -> None:
    with pytest.raises(Unavailable, match=why) as raised, plainly("db.example:5432/town"):
        raise_like_sqlalchemy(psycopg.errors.lookup(code)("server's own words"))
    assert "db.example:5432/town" in str(raised.value)
    assert "server's own words" in str(raised.value)


@pytest.mark.parametrize("code", ["23505", "23503", "22P05", "42P01", "42601", "42501"])
def test_what_waiting_does_not_help(code: str) -> None:
    with pytest.raises(DBAPIError), plainly("town"):
        raise_like_sqlalchemy(psycopg.errors.lookup(code)("no"))


def raise_like_sqlalchemy(cause: psycopg.Error) -> None:
    raise DBAPIError.instance("SELECT 1", {}, cause, psycopg.Error) from cause


def use(ledger: Ledger) -> None:
    ledger.migrate()
    save(ledger, "ev-1")


def test_a_file_that_others_hold_for_too_long(ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "WAIT_MS", 50)
    with closing(sqlite3.connect(path, isolation_level=None)) as other, closing(Ledger(f"sqlite:///{path}")) as hasty:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="占用过久"):
            save(hasty, "ev-1")
        other.execute("ROLLBACK")
        save(hasty, "ev-1")


def test_a_full_disk_costs_nothing_that_was_stored(path: Path, ledger: Ledger) -> None:
    save(ledger, "ev-1")

    @hook.listens_for(ledger._engine, "begin")
    def _fill(conn: Connection) -> None:
        conn.exec_driver_sql("PRAGMA max_page_count = 1")

    with pytest.raises(Unavailable, match="磁盘已满"):
        save(ledger, *(f"more-{n}" for n in range(500)))
    hook.remove(ledger._engine, "begin", _fill)
    with ledger.begin() as tx:
        tx.events._conn.exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert tx.events.count(EventFilter()) == 1
    save(ledger, *(f"more-{n}" for n in range(500)))


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with closing(Ledger(f"sqlite:///{tmp_path}")) as ledger, pytest.raises(Unavailable, match="打不开"):
        ledger.migrate()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MinshengError, match="文件夹"):
        Ledger(f"sqlite:///{tmp_path / 'file' / 'ledger.db'}")


@pytest.mark.parametrize("spoil", ["other", "torn"])
def test_a_file_that_is_spoilt_asks_for_the_backup(tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "bad.db"
    with closing(Ledger(f"sqlite:///{path}")) as ledger:
        ledger.migrate()
        save(ledger, *(f"ev-{n}" for n in range(200)))
    content = bytearray(path.read_bytes())
    path.write_bytes(b"not a database" * 500 if spoil == "other" else content[:4096] + b"\x55" * (len(content) - 4096))
    with (
        closing(Ledger(f"sqlite:///{path}")) as ledger,
        pytest.raises(MinshengError, match="minsheng restore") as raised,
    ):
        use(ledger)
    assert not isinstance(raised.value, Unavailable)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:s3cret@host/db",
        "postgresql+psycopg2://u:s3cret@host/db",
        "postgresql://u:s3cret@host:port/db",
        "u:s3cret@host",
        "",
    ],
)
def test_an_address_that_is_no_good_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(MinshengError, match=r"ledger\.url") as raised:
        Ledger(url)
    assert "s3cret" not in f"{raised.value!r} {raised.value.__cause__!r} {raised.value.__context__!r}"


def test_a_server_that_is_not_there(unused_tcp_port: int) -> None:
    address = f"postgresql://wang:s3cret@127.0.0.1:{unused_tcp_port}/town?connect_timeout=2"
    with closing(Ledger(address)) as ledger:
        for do in (ledger.migrate, lambda: save(ledger, "ev-1")):
            with pytest.raises(Unavailable, match=rf"127\.0\.0\.1:{unused_tcp_port}/town.*连不上") as raised:
                do()
            assert "s3cret" not in f"{raised.value!r} {raised.value.__cause__!r} {raised.value.__context__!r}"


def test_a_ledger_of_a_newer_program_is_left_alone(ledger: Ledger, path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
        db.commit()
    with pytest.raises(MinshengError, match=r"9999.*升级程序"):
        ledger.migrate()


def test_errors_do_not_tell_what_was_to_be_written(ledger: Ledger) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key") as raised, ledger.begin() as tx:
        tx.events.link([link("p1", "nobody-has-this", source="某街道留言")])
    assert "某街道留言" not in str(raised.value)
