"""Backing up a ledger on PostgreSQL while it is written to, and the way back."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Event as Signal
from threading import Thread

import pytest
from sqlalchemy import make_url

from alerts.ledger import EventFilter, Ledger, copies
from alerts.ledger.tables import metadata
from app.backup import back_up
from app.bundle import read_manifest
from app.restore import restore
from app.wire import House, open_house
from stream.errors import MinshengError, Unavailable
from tests.alerts.town import NOW, event, link
from tests.contract.ledger_base import opened
from tests.servers.fresh import fresh_database, run

PATH = {"PATH": os.environ["PATH"]}


@pytest.fixture
def urls(postgres_url: str) -> Iterator[tuple[str, str]]:
    """Two empty databases."""
    with ExitStack() as stack:
        yield stack.enter_context(fresh_database(postgres_url)), stack.enter_context(fresh_database(postgres_url))


def house_at(folder: Path, url: str) -> House:
    return open_house({"MINSHENG_PROFILE": "distributed", "MINSHENG_DATA": str(folder), "MINSHENG_LEDGER__URL": url})


def fill(url: str, events: int = 5) -> None:
    with closing(Ledger(url)) as ledger:
        ledger.migrate()
        for n in range(events):
            opened(ledger, event(f"ev-{n}", title="夜间噪声 'quoted'\t\\ 50%"))
        with ledger.begin() as tx:
            tx.events.link([link(f"p{n}", "ev-0", accuses=("renshe",)) for n in range(20)])
            tx.users.add("wang", "王值班", "correct horse", "duty", NOW)


def content(url: str) -> dict[str, list[str]]:
    return {name: sorted(row[0] for row in run(url, f'SELECT t::text FROM "{name}" t')) for name in metadata.tables}


def grow(url: str, stop: Signal) -> None:
    """Each transaction writes one event and its post: a copy of one moment has as many of the one as of the other."""
    with closing(Ledger(url)) as ledger:
        n = 0
        while not stop.is_set():
            with ledger.begin() as tx:
                tx.events.save([event(f"more-{n}")], {})
                tx.events.link([link(f"more-{n}", f"more-{n}")])
            n += 1


def test_what_comes_back_is_what_was_there(
    urls: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(urls[0])
    house = house_at(tmp_path / "data", urls[0])
    secret = house.secret
    back_up(house, tmp_path / "copy", PATH)
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    assert [(one.part, one.kind) for one in read_manifest(tmp_path / "copy").contents] == [
        ("ledger", "postgresql"),
        ("secret", "key"),
    ]
    assert "Kafka 和 Elasticsearch 不在这个文件里" in capsys.readouterr().out
    other = house_at(tmp_path / "other", urls[1])
    restore(other, tmp_path / "copy", PATH, force=False)
    assert content(urls[1]) == content(urls[0])
    assert other.secret == secret
    assert "--reset-offsets" in capsys.readouterr().out
    with closing(Ledger(urls[1])) as ledger:
        ledger.migrate()
        opened(ledger, event("ev-new"))  # its sequences go on where they were
        with ledger.begin() as tx:
            assert tx.users.verify("wang", "correct horse", NOW)


def test_a_backup_under_writes_is_of_one_moment(urls: tuple[str, str], tmp_path: Path) -> None:
    fill(urls[0])
    stop = Signal()
    writer = Thread(target=grow, args=(urls[0], stop))
    writer.start()
    try:
        back_up(house_at(tmp_path / "data", urls[0]), tmp_path / "copy", PATH)
    finally:
        stop.set()
        writer.join()
    restore(house_at(tmp_path / "other", urls[1]), tmp_path / "copy", PATH, force=False)
    counts = read_manifest(tmp_path / "copy").contents[0].counts
    with closing(Ledger(urls[1])) as ledger, ledger.read() as tx:
        events = tx.events.count(EventFilter())
    assert events == counts["events"] == run(urls[1], "SELECT count(*) FROM event_posts")[0][0] - 20 + 5
    assert run(urls[0], "SELECT count(*) FROM events")[0][0] >= events


def test_a_ledger_that_is_there_is_not_replaced_unless_asked(urls: tuple[str, str], tmp_path: Path) -> None:
    fill(urls[0])
    fill(urls[1], events=2)
    back_up(house_at(tmp_path / "data", urls[0]), tmp_path / "copy", PATH)
    before = content(urls[1])
    with pytest.raises(MinshengError, match=r"PostgreSQL 中的案件库.*--force"):
        restore(house_at(tmp_path / "other", urls[1]), tmp_path / "copy", PATH, force=False)
    assert content(urls[1]) == before
    run(urls[1], "CREATE TABLE of_somebody_else (n integer)")
    restore(house_at(tmp_path / "other", urls[1]), tmp_path / "copy", PATH, force=True)
    assert content(urls[1]) == content(urls[0])
    assert run(urls[1], "SELECT count(*) FROM of_somebody_else") == [(0,)]


def test_what_is_in_use_is_not_replaced(urls: tuple[str, str], tmp_path: Path) -> None:
    fill(urls[0])
    house = house_at(tmp_path / "data", urls[0])
    back_up(house, tmp_path / "copy", PATH)
    with closing(Ledger(urls[0])) as ledger:
        with ledger.read() as tx:
            tx.events.count(EventFilter())
        with pytest.raises(MinshengError, match=r"还有程序在使用.*1 个连接"):
            restore(house, tmp_path / "copy", PATH, force=True)


def test_a_restore_that_fails_half_way_changes_nothing(urls: tuple[str, str], tmp_path: Path) -> None:
    fill(urls[0])
    fill(urls[1], events=2)
    source, other = house_at(tmp_path / "data", urls[0]), house_at(tmp_path / "other", urls[1])
    assert source.secret != other.secret
    kept, before = other.secret_file.read_bytes(), content(urls[1])
    back_up(source, tmp_path / "copy", PATH)
    # What the dump must drop first is needed by somebody else, so PostgreSQL refuses in the middle of it.
    run(urls[1], "CREATE VIEW of_somebody_else AS SELECT id FROM events")
    with pytest.raises(MinshengError, match="pg_restore 没有成功"):
        restore(other, tmp_path / "copy", PATH, force=True)
    assert content(urls[1]) == before
    assert other.secret_file.read_bytes() == kept
    assert sorted(path.name for path in (tmp_path / "other").iterdir()) == ["secret.key"]


def test_where_there_is_no_ledger_there_is_no_backup(urls: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(MinshengError, match="没有可备份的数据"):
        back_up(house_at(tmp_path / "data", urls[0]), tmp_path / "copy", PATH)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_away_is_away(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="连不上") as raised:
        back_up(house_at(tmp_path / "data", "postgresql://wang:s3cret@127.0.0.1:1/town"), tmp_path / "copy", PATH)
    assert "s3cret" not in f"{raised.value} {raised.value.__cause__!r}"


def test_no_command_line_holds_the_password(
    urls: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(urls[0])
    tool, seen = tmp_path / "pg_dump", tmp_path / "seen"
    tool.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {seen}\nprintf "%s" "$PGPASSWORD" > {seen}.env\nexit 1\n')
    tool.chmod(0o700)
    monkeypatch.setattr(copies, "find_tool", lambda *_: tool)
    url = make_url(urls[0]).set(password="s3cret")
    house = house_at(tmp_path / "data", url.render_as_string(hide_password=False))
    with pytest.raises(MinshengError, match="pg_dump 没有成功"):
        back_up(house, tmp_path / "copy", PATH)
    assert str(url.database) in seen.read_text()
    assert "s3cret" not in seen.read_text()
    assert (tmp_path / "seen.env").read_text() == "s3cret"
    assert not (tmp_path / "copy").exists()


def test_a_tool_that_is_not_there_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "PACKAGED", tmp_path)
    with pytest.raises(MinshengError, match=r"本机没有.*postgresql-client-16.*postgresql16"):
        copies.find_tool("pg_dump", 16, {"PATH": str(tmp_path)})


@pytest.mark.parametrize(("server", "used"), [(14, "15"), (15, "15"), (16, "17"), (17, "17")])
def test_the_tool_of_the_server_s_version_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: int, used: str
) -> None:
    """An older one cannot read the server, and a newer pg_restore says things that the server does not know."""
    for major in ("13", "15", "17"):
        (tmp_path / major / "bin").mkdir(parents=True)
        (tmp_path / major / "bin" / "pg_dump").touch()
    monkeypatch.setattr(copies, "PACKAGED", tmp_path)
    assert copies.find_tool("pg_dump", server, {"PATH": ""}).parts[-3] == used
    with pytest.raises(MinshengError, match="本机只有版本 13、15、17"):
        copies.find_tool("pg_dump", 18, {"PATH": ""})
