"""Spreadsheets with invented rows: nothing is lost, nothing is imported twice, what cannot be used is named."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from configs.catalog import SHANGHAI
from crawlers.importer import ImportReport, import_file, read_messages
from crawlers.posts import digest
from crawlers.rows import cell_time
from stream.errors import MinshengError
from stream.messages import Post, Reply
from tests.crawlers.conftest import NOW, SHEET

HEADERS = ["工单编号", "标题", "诉求内容", "来电人", "来电时间", "答复内容", "答复时间", "承办单位", "点赞数"]
ROW = ["A1", "停气", "青枫路停气两天", "王某", "2026-11-25 08:00:00", "", "", "", "3"]


class Store:
    """Remembers posts by id as the archive would, and how it was asked."""

    def __init__(self) -> None:
        self.posts: dict[str, Post] = {}
        self.published = 0
        self.batches: list[int] = []

    def publish(self, posts: Sequence[Post]) -> None:
        self.published += len(posts)
        self.batches.append(len(posts))
        self.posts.update((post.id, post) for post in posts)

    def known(self, ids: Sequence[str]) -> Mapping[str, str]:
        return {post_id: digest(self.posts[post_id]) for post_id in ids if post_id in self.posts}

    def take(self, path: Path, **changes: Any) -> ImportReport:
        given: dict[str, Any] = {
            "publish": self.publish,
            "prepare": lambda post: replace(post, text=post.text.replace("13800000000", "[电话]")),
            "pseudonym": lambda source, name: f"{source}-{len(name)}",
            "now": NOW,
            "known": self.known,
        }
        return import_file(path, SHEET, "hotline", "hotline", **{**given, **changes})

    def only(self) -> Post:
        (post,) = self.posts.values()
        return post


@pytest.fixture
def store() -> Store:
    return Store()


def changed(row: Sequence[Any], **cells: Any) -> list[Any]:
    names = dict(
        zip(("id", "title", "text", "author", "time", "reply", "reply_at", "office", "likes"), range(9), strict=True)
    )
    made = list(row)
    for name, value in cells.items():
        made[names[name]] = value
    return made


def write_csv(path: Path, rows: Sequence[Sequence[Any]], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    out = StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def write_xlsx(path: Path, rows: Sequence[Sequence[Any]], *more: Sequence[Sequence[Any]]) -> Path:
    book = openpyxl.Workbook()
    for number, sheet_rows in enumerate((rows, *more)):
        sheet = book.active if number == 0 else book.create_sheet(f"表{number + 1}")
        assert sheet is not None
        for row in sheet_rows:
            sheet.append(list(row))
    book.save(path)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_in_every_usual_form(tmp_path: Path, store: Store, encoding: str, delimiter: str) -> None:
    rows = [HEADERS, changed(ROW, text='他说"停气",\n第二行;第三段'), changed(ROW, id="A2", title="停水")]
    report = store.take(write_csv(tmp_path / "a.csv", rows, encoding, delimiter))
    assert (report.rows, report.imported, report.encoding) == (2, 2, encoding)
    assert next(iter(store.posts.values())).text == '他说"停气",\n第二行;第三段'


def test_a_row_becomes_a_post(tmp_path: Path, store: Store) -> None:
    row = changed(ROW, text="电话13800000000，停气", reply="已修复", reply_at="2026/11/25 16:00", office="燃气办")
    report = store.take(write_xlsx(tmp_path / "a.xlsx", [HEADERS, row]), region="330110")
    post = store.only()
    assert post.text == "电话[电话]，停气"
    assert (post.kind, post.author, post.region, post.counts) == ("hotline", "hotline-2", "330110", {"likes": 3})
    assert post.published_at == datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
    assert post.reply == Reply("已修复", "燃气办", datetime(2026, 11, 25, 8, 0, tzinfo=UTC))
    assert report.mapping["text"] == "诉求内容"


def test_the_same_file_twice_adds_nothing(tmp_path: Path, store: Store) -> None:
    path = write_csv(tmp_path / "a.csv", [HEADERS, ROW, changed(ROW, id="A2")])
    store.take(path)
    report = store.take(path)
    assert (report.imported, report.updated, report.already_known, store.published) == (0, 0, 2, 2)


def test_known_may_be_a_plain_set(tmp_path: Path, store: Store) -> None:
    path = write_csv(tmp_path / "a.csv", [HEADERS, ROW])
    store.take(path)
    report = store.take(path, known=lambda ids: set(ids) & set(store.posts))
    assert (report.imported, report.already_known) == (0, 1)


def test_a_newer_export_brings_the_reply_to_the_same_post(tmp_path: Path, store: Store) -> None:
    store.take(write_csv(tmp_path / "a.csv", [HEADERS, ROW]))
    newer = [HEADERS, changed(ROW, reply="已修复", reply_at="2026-11-25 12:00"), changed(ROW, id="A2")]
    report = store.take(write_xlsx(tmp_path / "b.xlsx", newer))
    assert (report.imported, report.updated, report.already_known) == (1, 1, 0)
    assert len(store.posts) == 2
    assert sum(post.reply is not None for post in store.posts.values()) == 1


def test_an_older_export_takes_no_reply_away(tmp_path: Path, store: Store) -> None:
    store.take(write_csv(tmp_path / "b.csv", [HEADERS, changed(ROW, reply="已修复")]))
    report = store.take(write_csv(tmp_path / "a.csv", [HEADERS, ROW]))
    assert (report.updated, report.already_known) == (0, 1)
    assert store.only().reply is not None


def test_two_rows_with_one_number_are_both_kept_and_named(tmp_path: Path, store: Store) -> None:
    report = store.take(write_csv(tmp_path / "a.csv", [HEADERS, ROW, changed(ROW, title="停水", text="停水三天")]))
    assert report.imported == 2
    assert [(each.row, each.of_row, each.same) for each in report.duplicates] == [(3, 2, "number")]


def test_one_text_under_two_numbers_is_kept_and_named(tmp_path: Path, store: Store) -> None:
    report = store.take(write_csv(tmp_path / "a.csv", [HEADERS, ROW, changed(ROW, id="A9", text="青枫路 停气两天")]))
    assert report.imported == 2
    assert [(each.row, each.of_row, each.same) for each in report.duplicates] == [(3, 2, "content")]


def test_a_repeated_row_is_one_post_and_named(tmp_path: Path, store: Store) -> None:
    report = store.take(write_csv(tmp_path / "a.csv", [HEADERS, ROW, changed(ROW, id="A2"), ROW]))
    assert (report.rows, report.imported, report.repeated) == (3, 2, 1)
    assert (4, 2, "row") in [(each.row, each.of_row, each.same) for each in report.duplicates]


def test_line_numbers_are_no_numbers_of_their_own(tmp_path: Path, store: Store) -> None:
    headers = ["序号", *HEADERS[1:]]
    store.take(write_csv(tmp_path / "a.csv", [headers, changed(ROW, id="1")]))
    shifted = [headers, changed(ROW, id="1", title="新的一条"), changed(ROW, id="2")]
    report = store.take(write_csv(tmp_path / "b.csv", shifted))
    assert (report.imported, report.already_known) == (1, 1)


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"time": "不详"}, "来电时间", "读不出时间"),
        ({"time": ""}, "来电时间", "此格为空"),
        ({"text": " "}, "诉求内容", "此格为空"),
        ({"time": "2027-12-01"}, "来电时间", "在将来"),
        ({"time": "1899-12-31"}, "来电时间", "过早"),
    ],
)
def test_a_bad_row_is_listed_and_the_rest_goes_on(
    tmp_path: Path, store: Store, cells: dict[str, str], column: str, reason: str
) -> None:
    report = store.take(write_csv(tmp_path / "a.csv", [HEADERS, ROW, changed(ROW, **cells), changed(ROW, id="A3")]))
    (bad,) = report.bad
    assert (report.rows, report.imported, bad.row, bad.column) == (3, 2, 3, column)
    assert reason in bad.reason


def test_an_odd_cell_beside_the_point_is_noted_and_the_row_kept(tmp_path: Path, store: Store) -> None:
    row = changed(ROW, reply="已修复", reply_at="近日", likes="很多")
    report = store.take(write_csv(tmp_path / "a.csv", [HEADERS, row]))
    assert report.imported == 1
    assert {note.column for note in report.notes} == {"答复时间", "点赞数"}
    assert store.only().reply == Reply("已修复", "", None)


@pytest.mark.parametrize(
    ("cell", "shanghai"),
    [
        (datetime(2026, 11, 25, 9, 30), "2026-11-25 09:30:00"),  # noqa: DTZ001 (as spreadsheets have them)
        (date(2026, 11, 25), "2026-11-25 00:00:00"),
        (46351.395833333336, "2026-11-25 09:30:00"),
        (46351, "2026-11-25 00:00:00"),
        ("46351.5", "2026-11-25 12:00:00"),
        ("2026/11/25 9:30:00", "2026-11-25 09:30:00"),
        ("2026年11月25日", "2026-11-25 00:00:00"),
        (datetime(2026, 11, 25, 1, 30, tzinfo=UTC), "2026-11-25 09:30:00"),
    ],
)
def test_dates_in_every_form_a_spreadsheet_has(cell: Any, shanghai: str) -> None:
    found = cell_time(cell, NOW)
    assert found is not None
    assert found.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") == shanghai


@pytest.mark.parametrize("cell", [None, True, 7, "7", "x", ""])
def test_what_is_no_date_in_a_cell(cell: Any) -> None:
    assert cell_time(cell, NOW) is None


def test_the_1904_calendar_is_heeded(tmp_path: Path, store: Store) -> None:
    book = openpyxl.Workbook()
    book.epoch = datetime(1904, 1, 1)  # noqa: DTZ001 (openpyxl's own value)
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADERS)
    sheet.append(changed(ROW, time=44889.5))
    book.save(tmp_path / "a.xlsx")
    store.take(tmp_path / "a.xlsx")
    assert store.only().published_at == datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


def test_titles_above_the_header_and_sheets_without_one_are_passed_over(tmp_path: Path, store: Store) -> None:
    notes = [["填表说明"], ["每行一件"]]
    orders: list[list[Any]] = [
        ["某市热线工单"],
        ["导出日期：2026-11-25"],
        [],
        [f" {name}（必填）" for name in HEADERS],
        ROW,
        [None] * 9,
    ]
    report = store.take(write_xlsx(tmp_path / "a.xlsx", notes, orders, [HEADERS, changed(ROW, id="A2")]))
    assert (report.rows, report.imported, report.skipped_sheets) == (2, 2, ("Sheet",))


def test_columns_can_be_told(tmp_path: Path, store: Store) -> None:
    path = write_csv(tmp_path / "a.csv", [["摘要", "说的话", "什么时候"], ["停气", "停气两天", "2026-11-25 08:00"]])
    report = store.take(path, overrides={"text": "说的话", "published_at": "什么时候"})
    assert (report.imported, report.unused) == (1, ("摘要",))


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"text": "没有的列"}, "没有列“没有的列”"),
        ({"words": "诉求内容"}, "没有字段 words"),
    ],
)
def test_a_wrong_column_is_told(tmp_path: Path, store: Store, overrides: dict[str, str], said: str) -> None:
    with pytest.raises(MinshengError, match=said):
        store.take(write_csv(tmp_path / "a.csv", [HEADERS, ROW]), overrides=overrides)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "甲,乙\n1,2\n".encode(), "没有认得出的表头.*第一行是：甲、乙"),
        ("a.csv", b"", "没有认得出的表头"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 100, "另存为 .xlsx"),
        ("a.xlsx", b"PK\x03\x04" + b"0" * 100, "文件不完整"),
        ("a.csv", b"\xff\xff\x80\x81\xfe", "认不出文字编码"),
    ],
)
def test_what_is_no_sheet_is_told(tmp_path: Path, store: Store, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MinshengError, match=f"{name}: .*{said}"):
        store.take(path)


def test_a_missing_file_is_told(tmp_path: Path, store: Store) -> None:
    with pytest.raises(MinshengError, match="打不开文件"):
        store.take(tmp_path / "none.csv")


def test_history_is_marked_by_policy(tmp_path: Path, store: Store) -> None:
    rows = [HEADERS, changed(ROW, time="2019-05-01"), changed(ROW, id="A2")]
    report = store.take(write_csv(tmp_path / "a.csv", rows))
    assert report.backfill == 1
    assert sorted(post.backfill for post in store.posts.values()) == [False, True]
    live = Store()
    live.take(tmp_path / "a.csv", is_backfill=lambda published, now: False)
    assert not any(post.backfill for post in live.posts.values())


def test_rows_are_published_in_batches(tmp_path: Path, store: Store) -> None:
    rows = [changed(ROW, id=f"A{number}") for number in range(1_200)]
    report = store.take(write_csv(tmp_path / "a.csv", [HEADERS, *rows]))
    assert (report.imported, store.batches) == (1_200, [500, 500, 200])


def test_dated_messages_are_read_as_they_stand(tmp_path: Path) -> None:
    midnight = datetime(2019, 3, 6)  # noqa: DTZ001 - as a table holds it
    rows = [HEADERS[:5], [7, "路灯不亮", "桂花弄", "某某", "2019/3/5 14:20"], [], [8, None, "停水", None, midnight]]
    first, second = read_messages(write_xlsx(tmp_path / "t.xlsx", rows), SHEET, "m", NOW)
    assert (first.id, first.title, first.author) == ("m-7", "路灯不亮", "某某")
    assert first.published_at == first.fetched_at == datetime(2019, 3, 5, 6, 20, tzinfo=UTC)
    assert (second.title, second.published_at) == ("", datetime(2019, 3, 5, 16, 0, tzinfo=UTC))
    assert not first.backfill


@pytest.mark.parametrize(
    "changes", [{"time": "改天"}, {"time": None}, {"time": "2019-13-40"}, {"text": None}, {"id": None}]
)
def test_a_message_that_cannot_be_read_is_named_with_its_row(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = write_xlsx(tmp_path / "t.xlsx", [HEADERS, ROW, changed(ROW, **changes)])
    with pytest.raises(MinshengError, match=r"t\.xlsx 第 3 行“"):
        list(read_messages(path, SHEET, "m", NOW))


def test_messages_without_the_columns_are_refused(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "t.xlsx", [["编号", "备注"], ["1", "无"]])
    with pytest.raises(MinshengError, match="没有认得出的表头"):
        list(read_messages(path, SHEET, "m", NOW))
