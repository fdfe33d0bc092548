"""The week as a brief in the look of official papers (GB/T 9704-2012: A4, margins, 仿宋 body, 黑体 headings)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from alerts.notify.clean import clip
from reports.brief import EVENTS, Block, brief_of, number
from reports.week import Line, OfficeLine, Week

BODY, HEADING, TITLE = "仿宋", "黑体", "方正小标宋简体"
BODY_SIZE, TABLE_SIZE = 16, 10.5  # 三号, 五号
LEADING = 28  # points from line to line
BAR = 12  # blocks of the longest bar
OFFICES = 20
_BLOCK = "█"
_BLUE = RGBColor(0x1D, 0x5F, 0xA8)
_RED = RGBColor(0xB3, 0x26, 0x1E)


def write_docx(path: Path, week: Week) -> None:
    """Write the brief. Raises OSError."""
    document = Document()
    _set_page(document)
    for block in brief_of(week):
        _add(document, block, week)
    _number_pages(document.sections[0])
    document.core_properties.title = f"群众诉求监测周报 {week.name}"
    document.core_properties.author = "民声"
    document.save(str(path))


def _set_page(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    _set_font(document.styles["Normal"], BODY, BODY_SIZE)


def _set_font(target: Any, name: str, size: float) -> None:
    """`target`: a run or style. Word takes the font of Chinese letters from eastAsia alone."""
    target.font.name = name
    target.font.size = Pt(size)
    fonts = target.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), name)
    fonts.set(qn("w:ascii"), "Times New Roman")
    fonts.set(qn("w:hAnsi"), "Times New Roman")


def _add(document: Any, block: Block, week: Week) -> None:
    if block.kind == "table":
        _TABLES[block.text](document, week)
    elif block.kind == "title":
        _paragraph(document, block.text, TITLE, 22, centred=True, after=6)
    elif block.kind == "line":
        _paragraph(document, block.text, "楷体", BODY_SIZE, centred=True)
    elif block.kind == "part":
        heading = _paragraph(document, block.text, HEADING, BODY_SIZE, indent=True)
        heading.paragraph_format.keep_with_next = True
        heading.paragraph_format.space_before = Pt(8)
    elif block.kind == "item":
        _paragraph(document, block.text, BODY, BODY_SIZE, indent=True).alignment = WD_ALIGN_PARAGRAPH.LEFT
    elif block.kind == "warning":
        _paragraph(document, block.text, HEADING, BODY_SIZE, indent=True, colour=_RED)
    else:
        _paragraph(document, block.text, BODY, BODY_SIZE, indent=True)


def _paragraph(
    document: Any,
    text: str,
    font: str,
    size: float,
    *,
    centred: bool = False,
    indent: bool = False,
    after: float = 0,
    colour: RGBColor | None = None,
) -> Any:
    paragraph = document.add_paragraph()
    layout = paragraph.paragraph_format
    layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(LEADING if size <= BODY_SIZE else 36)
    layout.space_before, layout.space_after = Pt(0), Pt(after)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centred else WD_ALIGN_PARAGRAPH.JUSTIFY
    if indent:
        layout.first_line_indent = Pt(size * 2)
    run = paragraph.add_run(text)
    _set_font(run, font, size)
    if colour is not None:
        run.font.color.rgb = colour
    return paragraph


def _areas(document: Any, week: Week) -> None:
    most = max((line.posts.value or 0 for line in week.areas), default=0)
    rows = [
        (line.name, number(line.posts.value), number(line.posts.before), number(line.negative.value), _bar(line, most))
        for line in week.areas
    ]
    compared = "上周" if week.complete else "上周同期"
    _table(
        document,
        ("领域", "本周（条）", f"{compared}（条）", "负面（条）", "图示"),
        rows,
        (36, 26, 30, 26, 38),
        left=(0, 4),
    )


def _bar(line: Line, most: float) -> str:
    """Blocks in proportion to the largest; at least one where there is anything."""
    value = line.posts.value or 0
    return _BLOCK * max(1, round(BAR * value / most)) if value and most else ""


def _events(document: Any, week: Week) -> None:
    rows = [
        (
            str(place),
            clip(line.event.title, 40),
            line.event.place or "不明",
            number(line.week_posts.value),
            line.severity,
            f"{line.office}\n{line.state}" if line.office else "未立案",
        )
        for place, line in enumerate(week.events[:EVENTS], 1)
    ]
    heads = ("序", "事件（标题为原文）", "地点", "本周", "严重程度", "主办单位及状态")
    _table(document, heads, rows, (9, 54, 28, 14, 20, 31), left=(1, 2, 5))


def _offices(document: Any, week: Week) -> None:
    rows = [_office(line) for line in week.offices[:OFFICES]]
    heads = ("单位", "收到", "签收", "答复", "办结", "超期", "回潮", "签收用时（时）", "答复用时（时）")
    _table(document, heads, rows, (44, 12, 12, 12, 12, 12, 12, 20, 20), left=(0,))
    if len(week.offices) > OFFICES:
        _paragraph(document, f"另有 {len(week.offices) - OFFICES} 个单位见表格文件。", BODY, BODY_SIZE, indent=True)


def _office(line: OfficeLine) -> tuple[str, ...]:
    counts = (line.received, line.accepted, line.answered, line.closed, line.overdue, line.relapsed)
    hours = (line.hours_to_accept, line.hours_to_answer)
    return (line.name, *(number(item.value) for item in counts), *(_hours(item.value) for item in hours))


def _hours(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}"


_TABLES = {"areas": _areas, "events": _events, "offices": _offices}


def _table(
    document: Any,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    left: Sequence[int],
) -> None:
    """`widths` in mm; columns of `left` are set flush left, the others centred. The header is repeated on each page."""
    table = document.add_table(rows=1, cols=len(heads), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    _fill(table.rows[0], heads, widths, left=(), font=HEADING)
    _mark(table.rows[0], "w:tblHeader")
    for cells in rows:
        row = table.add_row()
        _fill(row, cells, widths, left, font=BODY)
        _mark(row, "w:cantSplit")


def _fill(row: Any, cells: Sequence[str], widths: Sequence[float], left: Sequence[int], font: str) -> None:
    for number_, (cell, text, width) in enumerate(zip(row.cells, cells, widths, strict=True)):
        cell.width = Mm(width)
        paragraph = cell.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT if number_ in left else WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
        cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
        run = paragraph.add_run(text)
        _set_font(run, font, TABLE_SIZE)
        if text.startswith(_BLOCK):
            run.font.color.rgb = _BLUE


def _mark(row: Any, name: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(name))  # noqa: SLF001 (python-docx has no other door)


def _number_pages(section: Any) -> None:
    paragraph = section.footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run()
    _set_font(run, "宋体", 14)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)  # noqa: SLF001
