"""Backing up while everything runs, and the way back: all of it or nothing."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Signal
from threading import Thread

import pytest

import app.restore
from alerts.ledger import EventFilter
from alerts.ledger.engine import HEAD
from app.backup import back_up
from app.bundle import MANIFEST, read_manifest
from app.restore import restore
from app.wire import House, open_house
from stream.archive import Query
from stream.errors import MinshengError
from stream.log import Out
from stream.sqlite_copy import FrozenFile
from tests.alerts.town import event, judged

RAW, GROUP = "posts.raw", "keeper"


def house_at(folder: Path, **env: str) -> House:
    return open_house({"MINSHENG_DATA": str(folder), **env})


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with closing(house_at(tmp_path / "data")) as house:
        yield house


def publish(house: House, n: int) -> None:
    """As a crawl does: the post, then the cursor that says it need not be fetched again."""
    house.log.publish(RAW, [Out(f"p{n}", f"text {n}".encode())])
    with house.ledger.begin() as tx:
        tx.meters.save_cursor("board", {"taken": n + 1})


def keep(house: House, limit: int = 10) -> int:
    """As a stage does: the effects, then the commit."""
    records = house.log.read(RAW, GROUP, limit, 0.0)
    house.archive.upsert([judged(record.key) for record in records])
    with house.ledger.begin() as tx:
        tx.events.save([event(f"ev-{record.key}") for record in records], {})
    house.log.commit(GROUP, records)
    return len(records)


def fill(house: House, posts: int) -> None:
    _ = house.secret
    for n in range(posts):
        publish(house, n)
    while keep(house):
        pass


@contextmanager
def running(house: House, first: int) -> Iterator[None]:
    """A crawl (of posts from `first` on) and a stage that do not end, each with connections of its own."""
    stop, errors = Signal(), list[Exception]()

    def crawl() -> None:
        with closing(house_at(house.data)) as mine:
            n = first
            while not stop.is_set():
                publish(mine, n)
                n += 1

    def work() -> None:
        with closing(house_at(house.data)) as mine:
            while not stop.is_set():
                keep(mine, 3)

    def watched(part: object) -> None:
        try:
            part()  # type: ignore[operator]
        except Exception as error:
            errors.append(error)

    threads = [Thread(target=watched, args=(part,)) for part in (crawl, work)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert errors == []


def content(folder: Path) -> dict[str, list[str]]:
    """Everything in the databases of the folder, as SQL; and the key."""
    found = {}
    for name in ("ledger.sqlite", "log.sqlite", "archive.sqlite"):
        with closing(sqlite3.connect(folder / name)) as db:
            found[name] = list(db.iterdump())
    return found | {"secret.key": [(folder / "secret.key").read_bytes().hex()]}


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(("-wal", "-shm")))


def test_what_comes_back_is_what_was_there(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(house, 20)
    back_up(house, tmp_path / "copy", {})
    restore(house_at(tmp_path / "other"), tmp_path / "copy", {}, force=False)
    assert content(tmp_path / "other") == content(house.data)
    assert files(tmp_path / "other") == ["archive.sqlite", "ledger.sqlite", "log.sqlite", "secret.key"]
    shown = capsys.readouterr().out
    assert "events 20" in shown
    assert "post 20" in shown
    with closing(house_at(tmp_path / "other")) as other:
        publish(other, 20)
        assert keep(other) == 1
        assert other.archive.search(Query(set_aside=None, limit=1)).total == 21


def test_a_backup_of_a_running_installation_is_of_one_moment(house: House, tmp_path: Path) -> None:
    fill(house, 3)
    with running(house, 3):
        for n in range(5):
            back_up(house, tmp_path / f"copy{n}", {})
    for n in range(5):
        with closing(house_at(tmp_path / f"other{n}")) as other:
            restore(other, tmp_path / f"copy{n}", {}, force=False)
            assert_of_one_moment(other)
            counts = {one.part: one.counts for one in read_manifest(tmp_path / f"copy{n}").contents}
            assert counts["log"]["record"] == other.log.lag(RAW, "nobody")
            assert counts["archive"]["post"] == other.archive.search(Query(set_aside=None, limit=1)).total
            with other.ledger.read() as tx:
                assert counts["ledger"]["events"] == tx.events.count(EventFilter())


def test_the_log_stands_still_until_every_part_is_frozen(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(house, 3)
    threads: list[Thread] = []

    def move() -> None:
        with closing(house_at(house.data)) as mine:
            publish(mine, 3 + len(threads))
            keep(mine)

    def frozen_late(path: Path, tables: Sequence[str]) -> FrozenFile:
        """Between two parts somebody publishes, handles and commits, if that is possible."""
        threads.append(Thread(target=move))
        threads[-1].start()
        threads[-1].join(0.5)
        return FrozenFile(path, tables)

    monkeypatch.setattr("app.backup.FrozenFile", frozen_late)
    back_up(house, tmp_path / "copy", {})
    for thread in threads:
        thread.join()
    assert len(threads) == 2
    with closing(house_at(tmp_path / "other")) as other:
        restore(other, tmp_path / "copy", {}, force=False)
        assert_of_one_moment(other)


def assert_of_one_moment(house: House) -> None:
    """A cursor never says more than the log has, and the log never says that more is done than is."""
    published = house.log.lag(RAW, "nobody")
    handled = published - house.log.lag(RAW, GROUP)
    with house.ledger.read() as tx:
        assert tx.meters.cursor("board")["taken"] <= published
        assert handled <= tx.events.count(EventFilter())
    assert handled <= house.archive.search(Query(set_aside=None, limit=1)).total


def test_nobody_else_can_read_it_and_nothing_is_left_beside_it(house: House, tmp_path: Path) -> None:
    fill(house, 3)
    before = os.umask(0)
    try:
        back_up(house, tmp_path / "out" / "copy", {})
        restore(house_at(tmp_path / "other"), tmp_path / "out" / "copy", {}, force=False)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out" / "copy").stat().st_mode) == 0o600
    assert files(tmp_path / "out") == ["copy"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "other").iterdir()} == {0o600}


def test_an_older_backup_is_replaced_and_anything_else_is_not(house: House, tmp_path: Path) -> None:
    fill(house, 1)
    back_up(house, tmp_path / "copy", {})
    publish(house, 1)
    back_up(house, tmp_path / "copy", {})
    assert read_manifest(tmp_path / "copy").contents[1].counts["record"] == 2
    (tmp_path / "letter").write_text("民声")
    for other in (tmp_path / "letter", house.data / "ledger.sqlite"):
        kept = other.read_bytes()
        with pytest.raises(MinshengError, match="不会覆盖"):
            back_up(house, other, {})
        assert other.read_bytes() == kept


def test_the_older_backup_stays_when_the_new_one_fails(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(house, 1)
    back_up(house, tmp_path / "out" / "copy", {})
    kept = (tmp_path / "out" / "copy").read_bytes()

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.bundle.hashlib.file_digest", full)
    with pytest.raises(MinshengError, match="No space left"):
        back_up(house, tmp_path / "out" / "copy", {})
    assert (tmp_path / "out" / "copy").read_bytes() == kept
    assert files(tmp_path / "out") == ["copy"]


def test_where_there_is_nothing_there_is_no_backup(house: House, tmp_path: Path) -> None:
    with pytest.raises(MinshengError, match="没有可备份的数据"):
        back_up(house, tmp_path / "copy", {})
    assert not (tmp_path / "copy").exists()


def test_a_damaged_database_is_not_backed_up(house: House, tmp_path: Path) -> None:
    fill(house, 200)
    house.close()
    spoilt = bytearray(house.archive_file.read_bytes())
    spoilt[8192 : len(spoilt) // 2] = b"\x55" * (len(spoilt) // 2 - 8192)
    house.archive_file.write_bytes(spoilt)
    with pytest.raises(MinshengError, match=r"archive\.sqlite"):
        back_up(house_at(house.data), tmp_path / "copy", {})
    assert not (tmp_path / "copy").exists()


@pytest.fixture
def copy(house: House, tmp_path: Path) -> Path:
    fill(house, 5)
    back_up(house, tmp_path / "copy", {})
    return tmp_path / "copy"


def refused(copy: Path, folder: Path, why: str) -> None:
    """Nothing is restored from it, and nothing is left behind."""
    with closing(house_at(folder)) as other, pytest.raises(MinshengError, match=why):
        restore(other, copy, {}, force=False)
    assert not folder.exists() or files(folder) == []


@pytest.mark.parametrize("part", ["ledger", "log", "archive", "secret"])
def test_a_part_that_was_changed_is_refused(copy: Path, tmp_path: Path, part: str) -> None:
    with tarfile.open(copy) as tar:
        member = next(one for one in tar if one.name.startswith(part))
    torn = bytearray(copy.read_bytes())
    torn[member.offset_data + member.size // 2] ^= 0x40
    copy.write_bytes(torn)
    refused(copy, tmp_path / "other", rf"{part}\.\w+ 的校验和不符")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_that_was_cut_short_is_refused(copy: Path, tmp_path: Path, share: float) -> None:
    copy.write_bytes(copy.read_bytes()[: int(copy.stat().st_size * share)])
    refused(copy, tmp_path / "other", "不完整|已损坏")


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("民声" * 1000)
    refused(tmp_path / "letter", tmp_path / "other", "不是民声的备份")


def rewrite(copy: Path, **changes: object) -> None:
    """The same backup with a manifest that says otherwise."""
    with tarfile.open(copy) as tar:
        found = tar.extractfile(MANIFEST)
        assert found
        manifest = json.loads(found.read())
        tar.extractall(copy.parent / "parts", filter="data")
    for part, version in changes.pop("versions", {}).items():  # type: ignore[attr-defined]
        next(one for one in manifest["contents"] if one["part"] == part)["version"] = version
    left_out = changes.pop("without", "")
    (copy.parent / "parts" / MANIFEST).write_text(json.dumps(manifest | changes))
    with tarfile.open(copy, "w") as tar:
        for path in sorted((copy.parent / "parts").iterdir()):
            if path.name != left_out:
                tar.add(path, path.name)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"format": 99}, "较新的程序"),
        ({"contents": "none"}, "清单.*已损坏"),
        ({"versions": {"ledger": "9999"}}, "'9999'.*不认识"),
        ({"versions": {"ledger": ""}}, "不认识"),
        ({"versions": {"archive": "0"}}, "archive.*不认识"),
        ({"without": "log.sqlite"}, r"缺少 log\.sqlite"),
        ({"without": MANIFEST}, "没有清单"),
    ],
)
def test_what_this_program_does_not_know_is_refused(
    copy: Path, tmp_path: Path, changes: dict[str, object], why: str
) -> None:
    rewrite(copy, **changes)
    refused(copy, tmp_path / "other", why)


def test_the_manifest_says_what_is_in_it(copy: Path, house: House) -> None:
    manifest = read_manifest(copy)
    assert abs(manifest.made_at - datetime.now(UTC)).total_seconds() < 60
    assert [(one.part, one.kind, one.version) for one in manifest.contents] == [
        ("ledger", "sqlite", HEAD),
        ("log", "sqlite", "1"),
        ("archive", "sqlite", "1"),
        ("secret", "key", ""),
    ]


def test_data_that_is_there_is_not_replaced_unless_asked(copy: Path, house: House) -> None:
    publish(house, 77)
    house.close()
    before = content(house.data)
    with pytest.raises(MinshengError, match=r"ledger\.sqlite.*--force"):
        restore(house_at(house.data), copy, {}, force=False)
    assert content(house.data) == before
    restore(house_at(house.data), copy, {}, force=True)
    assert content(house.data) != before
    assert files(house.data) == ["archive.sqlite", "ledger.sqlite", "log.sqlite", "secret.key"]
    with closing(house_at(house.data)) as again, again.ledger.read() as tx:
        assert tx.meters.cursor("board") == {"taken": 5}


def test_what_is_in_use_is_not_replaced(copy: Path, house: House) -> None:
    before = content(house.data)
    with pytest.raises(MinshengError, match="还有程序在使用"):
        restore(house_at(house.data), copy, {}, force=True)
    assert content(house.data) == before


def test_a_restore_that_fails_half_way_changes_nothing(
    copy: Path, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(house, 77)
    house.close()
    before, names = content(house.data), files(house.data)
    monkeypatch.setattr(app.restore, "_fill", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        restore(house_at(house.data), copy, {}, force=True)
    assert content(house.data) == before
    assert files(house.data) == names


def test_a_damaged_database_can_be_replaced(copy: Path, house: House) -> None:
    house.close()
    good = content(house.data)
    house.archive_file.write_bytes(b"not a database" * 1000)
    restore(house_at(house.data), copy, {}, force=True)
    assert content(house.data) == good


def test_databases_that_the_backup_lacks_do_not_stay(tmp_path: Path) -> None:
    with closing(house_at(tmp_path / "data")) as house:
        _ = house.ledger
        back_up(house, tmp_path / "copy", {})
        fill(house, 3)
    with pytest.raises(MinshengError, match=r"log\.sqlite"):
        restore(house_at(tmp_path / "data"), tmp_path / "copy", {}, force=False)
    restore(house_at(tmp_path / "data"), tmp_path / "copy", {}, force=True)
    assert files(tmp_path / "data") == ["ledger.sqlite", "secret.key"]


def test_a_backup_of_files_does_not_fit_a_server(copy: Path, tmp_path: Path) -> None:
    other = house_at(tmp_path / "other", MINSHENG_LEDGER__URL="postgresql://wang:s3cret@127.0.0.1:1/town")
    with pytest.raises(MinshengError, match="PostgreSQL") as raised:
        restore(other, copy, {}, force=False)
    assert "s3cret" not in str(raised.value)
