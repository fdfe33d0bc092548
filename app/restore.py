"""`minsheng restore`: put a backup in place of what is there; all of it, or nothing."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.attached import unpack
from app.backup import print_contents
from app.bundle import Content, Manifest, extract, read_manifest, sync_folder
from configs.catalog import SHANGHAI
from stream.errors import MinshengError
from stream.sqlite_copy import is_used

if TYPE_CHECKING:
    from app.wire import House

BESIDE = ("", "-wal", "-shm", "-journal")  # what SQLite keeps beside a database belongs to it alone
NOTE = """案件库已回到 {at}。启动 worker decide 之前，请把它的消费组退回到该时刻，这之后的信息会重新归并、立案 (已归并的自动跳过):
  kafka-consumer-groups.sh --bootstrap-server {servers} --group '{prefix}decide@posts.judged' --topic {prefix}posts.judged \\
    --reset-offsets --to-datetime {utc} --execute
Kafka 和 Elasticsearch 不在备份里，保持现状。"""
AFTER = "备份之后做过的办理没有了；备份之后发出过的预警会再发一次 (邮件编号不变)。"


@dataclass(frozen=True)
class Place:
    """Where a part goes: to `path`, for a dump into the database that the ledger's address names, and for attached files
    beside those that are in the folder."""

    content: Content
    path: Path
    new: Path

    @property
    def is_file(self) -> bool:
        return self.content.kind in ("sqlite", "key")

    @property
    def is_dump(self) -> bool:
        return self.content.kind == "postgresql"


def restore(house: House, file: Path, env: Mapping[str, str], *, force: bool) -> None:
    """Raises MinshengError, and changes nothing, when the backup is damaged or does not fit, when data is there already
    (unless `force`), or when it is in use."""
    manifest = read_manifest(file)
    places = list(_places(house, manifest))
    others = [] if house.distributed else _others(house, places)
    left = list(_left_over([*(place.path for place in places), house.log_file, house.archive_file]))
    _refuse_newer(places, file)
    if not force:
        _refuse_unfinished(left)
        _refuse_existing(house, places, others)
    _refuse_used(house, places, others)
    with _staged(file, places):
        _refuse_used(house, places, others)
        with _swapped([place for place in places if place.is_file], others):
            _fill(house, places, env)
    for path in left:
        path.unlink(missing_ok=True)
    click.echo(f"已从 {file} 恢复")
    print_contents(manifest)
    _tell(house, manifest)


def _places(house: House, manifest: Manifest) -> Iterator[Place]:
    from alerts.ledger.copies import file_of, kind_of

    kind, token = kind_of(house.ledger_url), secrets.token_hex(4)
    ledger = file_of(house.ledger_url) if kind == "sqlite" else house.data / "ledger.dump"
    paths = {"ledger": ledger, "log": house.log_file, "archive": house.archive_file, "secret": house.secret_file}
    paths["attachments"] = house.post_office.attachments
    for content in manifest.contents:
        if content.part == "ledger" and content.kind != kind:
            names = {"sqlite": "本地文件 (SQLite)", "postgresql": "PostgreSQL"}
            raise MinshengError(
                f"备份里的案件库是 {names[content.kind]}，而设置 ledger.url 指的是 {names[kind]}；请先改好设置再恢复"
            )
        path = paths[content.part]
        yield Place(content, path, path.with_name(f".{path.name}.{token}.new"))


def _others(house: House, places: Sequence[Place]) -> list[Path]:
    """Databases that the backup lacks (it was made before they were): beside it they would be of another moment."""
    known = {place.path for place in places}
    return [path for path in (house.log_file, house.archive_file) if path.exists() and path not in known]


def _left_over(paths: Sequence[Path]) -> Iterator[Path]:
    """What an earlier restore that was killed left: files that it had put away, and files that it was to put in place."""
    for path in dict.fromkeys(paths):
        for end in ("old", "new"):
            yield from path.parent.glob(f".{escape(path.name)}*.{end}")


def _refuse_unfinished(left: Sequence[Path]) -> None:
    if left:
        raise MinshengError(
            f"上次恢复没有做完 (中途被终止，留有 {'、'.join(path.name for path in left)})，现有的数据不完整，请不要启动其他命令；"
            "再运行同样的命令并加 --force 即可做完，做完后这些文件会删去"
        )


def _refuse_newer(places: Sequence[Place], file: Path) -> None:
    from alerts.ledger.copies import can_read
    from stream import archive_sqlite, log_sqlite

    known = {"log": str(log_sqlite.VERSION), "archive": str(archive_sqlite.VERSION)}
    for content in (place.content for place in places):
        fits = can_read(content.version) if content.part == "ledger" else content.version == known.get(content.part, "")
        if not fits:
            raise MinshengError(
                f"{file} 里 {content.part} 的版本是 {content.version!r}，本程序不认识；请用备份时的程序版本恢复"
            )


def _refuse_existing(house: House, places: Sequence[Place], others: Sequence[Path]) -> None:
    from alerts.ledger.copies import is_empty

    files = [place.path for place in places if place.is_file and place.path.exists()]
    there = [str(path) for path in (*files, *others)]
    if any(place.is_dump for place in places) and not is_empty(house.ledger_url):
        there.append("PostgreSQL 中的案件库")
    if there:
        raise MinshengError(f"已有数据，不会覆盖: {'、'.join(there)}。确要用备份替换它们，请加 --force (不可撤销)")


def _refuse_used(house: House, places: Sequence[Place], others: Sequence[Path]) -> None:
    from alerts.ledger.copies import users_of

    files = [place.path for place in places if place.content.kind == "sqlite" and place.path.exists()]
    used = [str(path) for path in (*files, *others) if is_used(path)]
    if any(place.is_dump for place in places) and (sessions := users_of(house.ledger_url)):
        used.append(f"PostgreSQL 中的案件库 ({sessions} 个连接)")
    if used:
        raise MinshengError(f"还有程序在使用 {'、'.join(used)}；请先停止 minsheng 的全部进程，再恢复")


@contextmanager
def _staged(file: Path, places: Sequence[Place]) -> Iterator[None]:
    """Every part is checked and lies beside where it goes; what was not taken is gone afterwards."""
    try:
        for place in places:
            place.path.parent.mkdir(parents=True, exist_ok=True)
            extract(file, place.content, place.new)
        yield
    finally:
        for place in places:
            place.new.unlink(missing_ok=True)


@contextmanager
def _swapped(places: Sequence[Place], others: Sequence[Path]) -> Iterator[None]:
    """The new files are in place and the old ones away; when the block raises, all is as it was."""
    away: list[tuple[Path, Path]] = []
    taken: list[Place] = []
    try:
        for path in (*(place.path for place in places), *others):
            away += _put_away(path)
        for place in places:
            place.new.rename(place.path)
            taken.append(place)
        for folder in {place.path.parent for place in places}:
            sync_folder(folder)
        yield
    except BaseException:
        for place in taken:
            place.path.rename(place.new)
        for before, after in away:
            after.rename(before)
        raise
    for _, after in away:
        after.unlink()


def _put_away(path: Path) -> Iterator[tuple[Path, Path]]:
    for more in BESIDE:
        before = path.with_name(path.name + more)
        if before.exists():
            after = before.with_name(f".{before.name}.{secrets.token_hex(4)}.old")
            before.rename(after)
            yield before, after


def _fill(house: House, places: Sequence[Place], env: Mapping[str, str]) -> None:
    from alerts.ledger.copies import fill

    for place in places:
        if place.content.kind == "files":
            unpack(place.new, place.path)
        elif place.is_dump:
            fill(house.ledger_url, place.new, env)


def _tell(house: House, manifest: Manifest) -> None:
    at = manifest.made_at
    if house.distributed:
        kafka = house.settings.kafka
        words = {"servers": kafka.servers, "prefix": kafka.prefix, "utc": f"{at:%Y-%m-%dT%H:%M:%S}.000"}
        click.echo(NOTE.format(at=f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}", **words))
    click.echo(AFTER)
