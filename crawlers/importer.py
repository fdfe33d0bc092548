"""Spreadsheets of hotline orders or messages to Posts: streaming, nothing lost, the same file twice adds nothing.

A row's natural key is its own number (编号) together with a hash of title, text, time and author. So a newer export of
the same row with a reply gives the same post, two rows with one number stay two posts, and two files whose numbers
happen to coincide do not hide each other. 序号 counts lines and is no number of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from configs.catalog import Sheet
from crawlers.columns import LOOKED_AT, Columns, check_overrides, is_header, match_columns, no_header
from crawlers.deps import Prepare, Pseudonym, Publish
from crawlers.posts import digest
from crawlers.rows import BadCell, Read, cell_text, read_row
from crawlers.tables import Cell, File, Table, open_tables
from stream.errors import MinshengError
from stream.messages import Kind, Post

BATCH = 500
# Known posts: their ids, or id -> digest (crawlers.posts.digest of the stored post) so that a gained reply is noticed.
Known = Callable[[Sequence[str]], "Mapping[str, str] | set[str]"]
IsBackfill = Callable[[datetime, datetime], bool]


def is_history(published_at: datetime, now: datetime) -> bool:
    """The default policy for history: older than three days, as with a source that says nothing else."""
    return published_at < now - timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A cell that could not be used: its row as a spreadsheet numbers it, its column's header, what stands there."""

    row: int
    column: str
    value: str
    reason: str
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Row `row` repeats row `of_row`.

    `same`: "row" (its number too: it is one post), "content" (under another number: both are imported) or "number" (the
    same number with another content: both are imported).
    """

    row: int
    of_row: int
    same: Literal["row", "content", "number"]
    sheet: str = ""


@dataclass(frozen=True)
class ImportReport:
    """What became of a file: rows = imported + updated + already_known + repeated + len(bad).

    `updated` posts were known and came with another reply; `repeated` rows equal an earlier row in everything;
    `backfill` of the imported ones are history. `notes` are cells left out of rows that were imported. `mapping`:
    field -> header; `unused`: the other headers; `skipped_sheets`: worksheets without a header that is recognised.
    """

    file: str
    encoding: str
    rows: int = 0
    imported: int = 0
    updated: int = 0
    already_known: int = 0
    repeated: int = 0
    backfill: int = 0
    duplicates: tuple[Duplicate, ...] = ()
    bad: tuple[BadRow, ...] = ()
    notes: tuple[BadRow, ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    skipped_sheets: tuple[str, ...] = ()


def import_file(
    path: File,
    sheet: Sheet,
    source: str,
    kind: Kind,
    *,
    publish: Publish,
    prepare: Prepare,
    pseudonym: Pseudonym,
    now: datetime,
    known: Known,
    is_backfill: IsBackfill = is_history,
    overrides: Mapping[str, str] | None = None,
    region: str = "",
) -> ImportReport:
    """Publish every row of a spreadsheet that is not known yet.

    Raises MinshengError when the file cannot be read or no header is recognised; rows that cannot be used are in the
    report. `is_backfill(published_at, now)` is the policy for history.
    """
    encoding, tables = open_tables(path)
    job = _Import(sheet, source, kind, publish, prepare, pseudonym, now, known, is_backfill, region)
    job.run(path.name, tables, overrides or {})
    return job.report(path.name, encoding)


def read_messages(path: File, sheet: Sheet, prefix: str, now: datetime) -> Iterator[Post]:
    """The rows of a table of dated messages as they stand, ids PREFIX-number: for learning and measuring, not for storing.

    Raises MinshengError when the file cannot be read, no header is recognised or a row cannot be used.
    """
    _, tables = open_tables(path)
    table = next(tables)
    columns, rows, top = _find_header(table, sheet, {})
    if columns is None:
        raise no_header(path.name, top, sheet)
    for number, row in rows:
        if any(cell_text(cell) for cell in row):
            yield _message(
                row, columns, (*sheet.required, "id"), now, table.epoch, prefix, f"{path.name} 第 {number} 行"
            )


def _message(
    row: Sequence[Cell],
    columns: Columns,
    required: Sequence[str],
    now: datetime,
    epoch: datetime | None,
    prefix: str,
    where: str,
) -> Post:
    try:
        read = read_row(row, columns, required, now, epoch)
    except BadCell as error:
        raise MinshengError(f"{where}“{columns.name(error.field)}”: {error.value!r} {error}") from error
    at = read.published_at
    return Post(f"{prefix}-{read.number}", "message", "message", read.title, read.text, at, at, author=read.author)


def _find_header(
    table: Table, sheet: Sheet, overrides: Mapping[str, str]
) -> tuple[Columns | None, Iterator[tuple[int, Sequence[Cell]]], Sequence[str]]:
    """The columns of a table, the rows after its header, and its first row that is not empty."""
    top: Sequence[str] = ()
    for number, row in table.rows:
        headers = [cell_text(cell) for cell in row]
        top = top or (headers if any(headers) else ())
        columns = match_columns(headers, sheet, overrides)
        if is_header(columns, sheet):
            return columns, table.rows, top
        if number >= LOOKED_AT:
            break
    return None, table.rows, top


@dataclass
class _Import:
    """One file on its way in: rows are read one by one, published in batches, remembered only as hashes."""

    sheet: Sheet
    source: str
    kind: Kind
    publish: Publish
    prepare: Prepare
    pseudonym: Pseudonym
    now: datetime
    known: Known
    is_backfill: IsBackfill
    region: str
    columns: Columns | None = None
    rows: int = 0
    imported: int = 0
    updated: int = 0
    already: int = 0
    repeated: int = 0
    backfill: int = 0
    duplicates: list[Duplicate] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    notes: list[BadRow] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    batch: list[Post] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    contents: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def run(self, file: str, tables: Iterator[Table], overrides: Mapping[str, str]) -> None:
        first: Sequence[str] = ()
        for table in tables:
            columns, rows, top = _find_header(table, self.sheet, overrides)
            first = first or top
            if columns is None:
                self.skipped.extend([table.name] if top else [])
                continue
            check_overrides(overrides, columns.headers, self.sheet, file)
            self.columns = self.columns or columns
            for number, row in rows:
                self._row(number, row, columns, table)
        self._flush()
        if self.columns is None:
            check_overrides(overrides, first, self.sheet, file)
            raise no_header(file, first, self.sheet)

    def report(self, file: str, encoding: str) -> ImportReport:
        return ImportReport(
            file=file,
            encoding=encoding,
            rows=self.rows,
            imported=self.imported,
            updated=self.updated,
            already_known=self.already,
            repeated=self.repeated,
            backfill=self.backfill,
            duplicates=tuple(self.duplicates),
            bad=tuple(self.bad),
            notes=tuple(self.notes),
            mapping=self.columns.mapping if self.columns else {},
            unused=self.columns.unused if self.columns else (),
            skipped_sheets=tuple(self.skipped),
        )

    def _row(self, number: int, row: Sequence[Cell], columns: Columns, table: Table) -> None:
        if not any(cell_text(cell) for cell in row):
            return
        self.rows += 1
        try:
            read = read_row(row, columns, self.sheet.required, self.now, table.epoch)
        except BadCell as error:
            self.bad.append(self._bad(error, number, columns, table))
            return
        self.notes.extend(self._bad(note, number, columns, table) for note in read.notes)
        self._keep(read, number, table.name)

    def _keep(self, read: Read, number: int, sheet: str) -> None:
        post = self._post(read)
        earlier = self.ids.setdefault(post.id, number)
        if earlier != number:
            self.repeated += 1
            self.duplicates.append(Duplicate(number, earlier, "row", sheet))
            return
        same = self.contents.setdefault(read.content, number)
        if same != number:
            self.duplicates.append(Duplicate(number, same, "content", sheet))
        elif read.number and (one := self.numbers.get(read.number)) is not None:
            self.duplicates.append(Duplicate(number, one, "number", sheet))
        if read.number:
            self.numbers.setdefault(read.number, number)
        self.batch.append(post)
        if len(self.batch) >= BATCH:
            self._flush()

    def _post(self, read: Read) -> Post:
        post = read.post(self.source, self.kind, self.region, self.now)
        author = self.pseudonym(self.source, read.author) if read.author else ""
        return self.prepare(replace(post, author=author, backfill=self.is_backfill(post.published_at, self.now)))

    def _flush(self) -> None:
        known = self.known([post.id for post in self.batch]) if self.batch else {}
        new = [post for post in self.batch if post.id not in known]
        changed = [post for post in self.batch if isinstance(known, Mapping) and self._differs(post, known)]
        if new or changed:
            self.publish([*new, *changed])
        self.imported += len(new)
        self.updated += len(changed)
        self.already += len(self.batch) - len(new) - len(changed)
        self.backfill += sum(post.backfill for post in new)
        self.batch = []

    @staticmethod
    def _differs(post: Post, known: Mapping[str, str]) -> bool:
        """Whether a known post gained a reply or another one; an older export without it takes none away."""
        return post.reply is not None and known.get(post.id, digest(post)) != digest(post)

    @staticmethod
    def _bad(error: BadCell, number: int, columns: Columns, table: Table) -> BadRow:
        return BadRow(number, columns.name(error.field), error.value[:60], str(error), table.name)
