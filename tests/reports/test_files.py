"""The files that people open: read back, traced back, and harmless."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook

from reports import export
from reports.brief import brief_of
from reports.cells import safe_text
from reports.columns import DETAIL_COLUMNS
from reports.docx import write_docx
from reports.export import write_week
from reports.week import Week
from reports.xlsx import write_xlsx
from tests.reports.weeks import DAY, START, full_week, make_case, make_clock, make_event, make_post, make_week

SHEETS = [
    "概览",
    "趋势",
    "时段",
    "领域",
    "地区",
    "来源",
    "热词",
    "事件",
    "案件",
    "单位",
    "预警",
    "信息明细",
    "口径说明",
]
EVIL = (
    '=HYPERLINK("http://evil.example","x")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "＝1+1",
    " =1+1",
    "http://evil.example",
)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("week") / "week.xlsx"
    write_xlsx(path, full_week())
    return load_workbook(path)


def test_the_sheets_are_all_there_and_none_is_empty(book: Any) -> None:
    assert book.sheetnames == SHEETS
    assert all(sheet.max_row > 1 for sheet in book)


def test_the_charts_are_native(book: Any, tmp_path: Path) -> None:
    write_xlsx(tmp_path / "w.xlsx", full_week())
    with zipfile.ZipFile(tmp_path / "w.xlsx") as file:
        charts = [name for name in file.namelist() if name.startswith("xl/charts/chart")]
    assert len(charts) == 4


def test_relapses_stand_in_the_workbook_with_the_filter_that_finds_them_and_in_the_brief(book: Any) -> None:
    header, *rows = book["案件"].iter_rows(values_only=True)
    marked = [row for row in rows if row[header.index("本周回潮")] == "是"]
    assert [(row[0], row[header.index("回潮次数")]) for row in marked] == [("MS-20261116-0004", 1)]
    totals = {row[0]: row for row in book["概览"].iter_rows(values_only=True)}
    assert totals["回潮案件"][1] == 1
    assert "本周回潮=是" in totals["回潮案件"][6]
    offices = {row[0]: row for row in book["单位"].iter_rows(values_only=True)}
    assert offices["生态环境局"][offices["单位"].index("回潮")] == 1
    assert "回潮：MS-20261116-0004" in offices["生态环境局"][-1]
    said = [block.text for block in brief_of(full_week())]
    assert any("回潮（办结后又有人反映同一问题）1 件" in text for text in said)
    assert any("MS-20261116-0004 案件4（生态环境局，累计回潮 1 次）" in text for text in said)


def test_long_lists_keep_their_header_in_sight_and_can_be_filtered(book: Any) -> None:
    for name in ("事件", "案件", "预警", "信息明细"):
        assert book[name].freeze_panes == "B2"
        assert book[name].auto_filter.ref


def test_the_filter_written_beside_a_figure_finds_that_many_rows(book: Any) -> None:
    """What a reader would do: type the filter into the detail sheet and count."""
    header, *rows = book["信息明细"].iter_rows(values_only=True)
    checked = 0
    for sheet in (book[name] for name in ("概览", "趋势", "领域", "地区", "来源", "热词", "事件")):
        for cells in sheet.iter_rows(values_only=True):
            texts = [str(cell) for cell in cells if isinstance(cell, str) and "所属周=本周" in cell]
            if not texts:
                continue
            value = cells[6] if sheet.title == "事件" else cells[1]
            assert value == len(filtered(header, rows, texts[0].removeprefix("“信息明细”表："))), (sheet.title, cells)
            checked += 1
    assert checked > 30


def filtered(header: Sequence[Any], rows: Sequence[Any], text: str) -> list[Any]:
    """The rows that pass a filter written as 列=值；列含值."""
    found = list(rows)
    for condition in text.split("；"):
        name, sign, value = re.fullmatch(r"([^=含]+)(=|含)(.*)", condition).groups()  # type: ignore[union-attr]
        column = header.index(name)
        found = [row for row in found if (row[column] == value if sign == "=" else value in row[column].split("、"))]
    return found


def test_the_detail_sheet_has_every_id(book: Any) -> None:
    rows = list(book["信息明细"].iter_rows(min_row=2, values_only=True))
    assert {row[0] for row in rows} == {detail.id for detail in full_week().details}
    assert [item.column.name for item in DETAIL_COLUMNS] == [cell.value for cell in book["信息明细"][1]]


def test_a_demo_says_so(book: Any) -> None:
    assert "演示数据，均为虚构" in [cell.value for cell in book["概览"]["A"]]


def evil_week() -> Week:
    posts = [make_post(f"p{n}", START + DAY, title=text, text=text, keywords=(text,)) for n, text in enumerate(EVIL)]
    posts.append(make_post("long", START + DAY, text="字" * 50_000, title="\x00\x0b控制字符"))
    events = [make_event(f"e{n}", title=text, place=text) for n, text in enumerate(EVIL)]
    cases = [make_case(n, START, title=text, place=text, clocks=(make_clock(START),)) for n, text in enumerate(EVIL)]
    return make_week(posts, events=events, cases=cases, links={f"p{n}": f"e{n}" for n in range(len(EVIL))})


def test_no_cell_is_a_formula_or_a_foreign_link(tmp_path: Path) -> None:
    path = tmp_path / "evil.xlsx"
    write_xlsx(path, evil_week())
    for sheet in load_workbook(path):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert not (cell.hyperlink and cell.hyperlink.target)
                if isinstance(cell.value, str):
                    assert cell.value.lstrip(" 　")[:1] not in tuple("=+-@\t＝"), cell.value
                    assert len(cell.value) <= 32_767


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        (" \n@x", "' \n@x"),
        ("　＝x", "'　＝x"),
        ("正常=文字", "正常=文字"),
        ("", ""),
        ("a\x00b\x1fc", "abc"),
    ],
)
def test_texts_that_could_be_formulas_are_marked(text: str, shown: str) -> None:
    assert safe_text(text) == shown


def paragraphs(week: Week, folder: Path) -> list[str]:
    write_docx(folder / "w.docx", week)
    return [paragraph.text for paragraph in Document(str(folder / "w.docx")).paragraphs]


def test_the_brief_has_its_parts_in_order(tmp_path: Path) -> None:
    found = [text for text in paragraphs(full_week(), tmp_path) if re.match("[一二三四]、", text)]
    assert found == ["一、总体情况", "二、重点事件", "三、办理情况", "四、提示与口径"]


def test_the_brief_states_the_figures(tmp_path: Path) -> None:
    week = full_week()
    text = "\n".join(paragraphs(week, tmp_path))
    assert f"共监测到信息 {week.total('posts').value:.0f} 条，较上周增加 9 条（39.1%）" in text
    assert "按时答复率 100.0%（2/2）" in text
    assert "演示数据，均为虚构" in text
    assert "本周没有采集数据的来源：论坛。没有数据不等于没有问题。" in text
    assert "2026 年第 47 周" in text


def test_every_number_of_the_brief_is_a_figure_of_the_week() -> None:
    """A digit in a sentence that no figure, date, id, title or rule has would be made up."""
    week = replace(full_week(), demo=False)
    known = {
        f"{figure.value:,.0f}"
        for figure in (*week.totals, *week.case_totals, *week.alert_totals)
        if figure.value is not None
    }
    known |= {f"{abs(figure.change):,.0f}" for figure in week.totals if figure.change is not None}
    known |= {
        f"{value:,.0f}"
        for line in (*week.areas, *week.regions)
        for value in (line.posts.value, line.negative.value)
        if value is not None
    }
    known |= {str(len(week.events)), str(len(week.alerts))}
    sentences = [block.text for block in brief_of(week) if block.kind == "paragraph" and "条" in block.text]
    for number in re.findall(r"([\d,]+) [条件个]", "".join(sentences)):
        assert number in known, number


def test_an_empty_week_makes_no_sentence_about_nothing(tmp_path: Path) -> None:
    text = "\n".join(paragraphs(make_week(), tmp_path))
    assert "共监测到信息 0 条，与上周持平" in text
    assert "本周没有出现新增信息的事件" in text
    assert "不计算按时答复率" in text
    assert "信息较多的是" not in text


def test_a_week_that_is_not_over_says_so(tmp_path: Path) -> None:
    text = "\n".join(paragraphs(make_week(now=START + 2 * DAY), tmp_path))
    assert "本周尚未结束，统计截至 2026-11-18 00:00" in text


def test_chinese_fonts_are_set_for_chinese_letters(tmp_path: Path) -> None:
    write_docx(tmp_path / "w.docx", full_week())
    with zipfile.ZipFile(tmp_path / "w.docx") as file:
        body = file.read("word/document.xml").decode()
    assert 'w:eastAsia="仿宋"' in body
    assert 'w:eastAsia="黑体"' in body


def test_evil_texts_stay_texts_in_the_brief(tmp_path: Path) -> None:
    assert paragraphs(evil_week(), tmp_path)


def test_a_week_is_two_files_with_the_name_of_the_week(tmp_path: Path) -> None:
    paths = write_week(tmp_path / "exports", full_week())
    assert [path.name for path in paths] == [
        "周报_2026-W47_20261116-20261122.xlsx",
        "周报_2026-W47_20261116-20261122.docx",
    ]
    write_week(tmp_path / "exports", full_week())
    assert sorted(path.name for path in (tmp_path / "exports").iterdir()) == sorted(path.name for path in paths)


def test_a_failed_export_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    xlsx, _ = write_week(tmp_path, full_week())
    before = xlsx.read_bytes()

    def broken(path: Path, week: Week) -> None:
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr("reports.xlsx.write_xlsx", broken)
    with pytest.raises(OSError, match="disk full"):
        export.write_week(tmp_path, full_week())
    assert xlsx.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2
