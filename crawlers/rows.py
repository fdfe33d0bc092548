"""One row of a spreadsheet to what a Post needs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from configs.catalog import SHANGHAI
from crawlers.columns import Columns, plain_header
from crawlers.extract import clean
from crawlers.posts import Unusable, check_time, short_hash
from crawlers.tables import Cell
from crawlers.times import parse_time
from stream.messages import Kind, Post, Reply, post_id

_EPOCH_1900 = datetime(1899, 12, 30)  # noqa: DTZ001 (a serial date has no zone; it gets Shanghai when it is read)
_SERIALS = (10_000.0, 80_000.0)  # 1927 to 2119: a number outside is no date
_ORDINALS = frozenset(("序号", "行号", "no", "no."))
_WORDS = frozenset(("id", "title", "text", "author", "published_at", "reply", "reply_at", "reply_office", "url"))
_NOTHING = frozenset(("", "-", "--", "/", "无", "null", "none", "nan", "n/a", "#n/a"))


class BadCell(Exception):
    """A cell that cannot be used; the text says why, in Chinese, and what to do."""

    def __init__(self, field: str, value: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.value = value


@dataclass(frozen=True, slots=True)
class Read:
    """A row as understood. `number` is its own number ("" if it has none), `content` a hash of what it says."""

    number: str
    content: str
    title: str
    text: str
    author: str
    published_at: datetime
    url: str
    reply: Reply | None
    counts: Mapping[str, int]
    notes: tuple[BadCell, ...]

    def post(self, source: str, kind: Kind, region: str, now: datetime) -> Post:
        """The Post, its author still left out."""
        return Post(
            id=post_id(source, f"{self.number}\n{self.content}"),
            source=source,
            kind=kind,
            title=self.title,
            text=self.text,
            published_at=self.published_at,
            fetched_at=now,
            url=self.url,
            region=region,
            reply=self.reply,
            counts=self.counts,
        )


def read_row(
    row: Sequence[Cell], columns: Columns, required: Sequence[str], now: datetime, epoch: datetime | None
) -> Read:
    """Understand a row; raises BadCell for the first cell without which it cannot be imported."""
    cells = {field: row[index] if index < len(row) else None for field, index in columns.places.items()}
    texts = {field: cell_text(cell) for field, cell in cells.items()}
    for field in required:
        if not texts.get(field):
            raise BadCell(field, "", "此格为空，请补上后重新导入")
    notes: list[BadCell] = []
    shown = _published(cells["published_at"], texts["published_at"], now, epoch)
    said = (texts.get("title", ""), texts["text"], shown.isoformat(), texts.get("author", ""))
    return Read(
        number="" if plain_header(columns.name("id")) in _ORDINALS else texts.get("id", ""),
        content=short_hash("\x1f".join("".join(part.split()) for part in said)),
        title=texts.get("title", ""),
        text=texts["text"],
        author=texts.get("author", ""),
        published_at=min(shown, now),
        url=texts.get("url", ""),
        reply=_reply(cells, texts, now, epoch, notes),
        counts=_counts(texts, notes),
        notes=tuple(notes),
    )


def cell_text(cell: Cell) -> str:
    """A cell as clean text: 12.0 is 12, an empty cell is "" (as is what programs write for it)."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = clean(str(cell))
    return text if len(text) > 4 or text.lower() not in _NOTHING else ""


def cell_time(cell: Cell, now: datetime, epoch: datetime | None = None) -> datetime | None:
    """The instant in a cell: a date of the spreadsheet program, a serial number or a text; Shanghai unless it says."""
    if isinstance(cell, datetime):
        return (cell if cell.tzinfo else cell.replace(tzinfo=SHANGHAI)).astimezone(UTC)
    if isinstance(cell, date):
        return datetime.combine(cell, time(), SHANGHAI).astimezone(UTC)
    if isinstance(cell, bool) or cell is None:
        return None
    serial = _serial(cell)
    if serial is None:
        return parse_time(cell_text(cell), now)
    # to the second: the fraction of a day is not exact
    seconds = round(serial * 86_400)
    return ((epoch or _EPOCH_1900) + timedelta(seconds=seconds)).replace(tzinfo=SHANGHAI).astimezone(UTC)


def _serial(cell: Cell) -> float | None:
    try:
        number = float(cell)
    except (TypeError, ValueError):
        return None
    return number if _SERIALS[0] < number < _SERIALS[1] else None


def _published(cell: Cell, text: str, now: datetime, epoch: datetime | None) -> datetime:
    found = cell_time(cell, now, epoch)
    if found is None:
        raise BadCell("published_at", text, "读不出时间，请写成 2026-11-25 09:30:00")
    try:
        check_time(found, now, text)
    except Unusable as error:
        raise BadCell("published_at", text, f"{error}，请核对") from error
    return found


def _reply(
    cells: Mapping[str, Cell], texts: Mapping[str, str], now: datetime, epoch: datetime | None, notes: list[BadCell]
) -> Reply | None:
    if not texts.get("reply"):
        return None
    at = cell_time(cells.get("reply_at"), now, epoch)
    if at is None and texts.get("reply_at"):
        notes.append(BadCell("reply_at", texts["reply_at"], "读不出答复时间，答复已导入但没有时间"))
    return Reply(texts["reply"], texts.get("reply_office", ""), at)


def _counts(texts: Mapping[str, str], notes: list[BadCell]) -> dict[str, int]:
    counts = {}
    for field in sorted(set(texts) - _WORDS):
        text = texts[field].replace(",", "")
        if text.isdecimal():
            counts[field] = int(text)
        elif text:
            notes.append(BadCell(field, texts[field], "不是数字，已略过"))
    return counts
