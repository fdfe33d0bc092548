"""Rows of a spreadsheet, one at a time: .xlsx and .csv (UTF-8, UTF-16 with a mark, GB18030)."""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import IO, Any

from stream.errors import MinshengError

Cell = Any  # str, int, float, bool, datetime, date, time or None
LARGEST_UNPACKED = 2 * 1024**3  # an xlsx is a zip: one that unpacks to more is no list of complaints
_CHUNK = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet: its name ("" for csv) and its rows with their numbers as a spreadsheet program shows them (from 1)."""

    name: str
    rows: Iterator[tuple[int, Sequence[Cell]]]
    epoch: datetime | None = None  # day 0 of the workbook's serial dates; None for csv


@dataclass(frozen=True, slots=True)
class InMemory:
    """A file that was fetched and stands on no disk."""

    name: str
    content: bytes


File = Path | InMemory


def _open(file: File) -> IO[bytes]:
    return BytesIO(file.content) if isinstance(file, InMemory) else file.open("rb")


def open_tables(path: File) -> tuple[str, Iterator[Table]]:
    """How a file is encoded ("xlsx", "utf-8", "gb18030", ...) and its sheets, to be read in order, each to its end.

    Raises MinshengError, naming the file, for what is no spreadsheet.
    """
    try:
        with _open(path) as file:
            head = file.read(8)
    except OSError as error:
        raise MinshengError(f"{path.name}: 打不开文件（{error.strerror}）") from error
    if head.startswith(_ZIP):
        return "xlsx", _excel(path)
    if head.startswith(_OLD_EXCEL):
        raise MinshengError(f"{path.name}: 是旧版 Excel（.xls）或加密的文件，请另存为 .xlsx 或 .csv 再导入")
    encoding = encoding_of(path, head)
    return encoding, _csv(path, encoding)


def encoding_of(path: File, head: bytes) -> str:
    """The encoding that the whole file obeys; UTF-8 is tried first, for GB18030 accepts much that is not its own."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    for encoding in ("utf-8", "gb18030"):
        if _obeys(path, encoding):
            return encoding
    raise MinshengError(
        f"{path.name}: 认不出文字编码（不是 UTF-8，也不是 GB18030），请另存为 UTF-8 的 CSV 或 .xlsx 再导入"
    )


def _obeys(path: File, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with _open(path) as file:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _csv(path: File, encoding: str) -> Iterator[Table]:
    csv.field_size_limit(1 << 24)
    with TextIOWrapper(_open(path), encoding=encoding, newline="") as file:
        delimiter = _delimiter(file)
        yield Table("", _csv_rows(path, csv.reader(file, delimiter=delimiter)))


def _csv_rows(path: File, reader: Iterator[list[str]]) -> Iterator[tuple[int, Sequence[Cell]]]:
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise MinshengError(f"{path.name}: 第 {number} 行读不出来（{error}），请检查引号是否成对") from error
        yield number, row


def _delimiter(file: IO[str]) -> str:
    """The separator that the first line uses most, outside quotes."""
    line = re.sub(r'"[^"]*"', "", file.readline())
    file.seek(0)
    return max((",", "\t", ";", "，"), key=line.count)


def _excel(path: File) -> Iterator[Table]:
    from openpyxl import load_workbook

    _check_zip(path)
    with _open(path) as content:
        try:
            book = load_workbook(content, read_only=True, data_only=True)
        except Exception as error:  # openpyxl raises whatever the broken part happens to cause
            raise MinshengError(f"{path.name}: 不是可读的 xlsx 文件，请用表格软件打开后另存一次") from error
        try:
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # some exporters write a size that is smaller than the sheet
                yield Table(sheet.title, _excel_rows(path, sheet), book.epoch)
        finally:
            book.close()


def _excel_rows(path: File, sheet: Any) -> Iterator[tuple[int, Sequence[Cell]]]:
    number = 0
    try:
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            yield number, row
    except Exception as error:
        raise MinshengError(
            f"{path.name}: 工作表“{sheet.title}”第 {number + 1} 行之后读不出来，文件可能不完整"
        ) from error


def _check_zip(path: File) -> None:
    try:
        with _open(path) as file, zipfile.ZipFile(file) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise MinshengError(f"{path.name}: 文件不完整（不是有效的 xlsx），请重新下载或另存") from error
    if size > LARGEST_UNPACKED:
        raise MinshengError(f"{path.name}: 解压后超过 {LARGEST_UNPACKED >> 30} GB，请拆成几个文件再导入")
