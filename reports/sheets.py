"""The sheets of the workbook, one function each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlsxwriter.worksheet import Worksheet

from alerts.moments import moment
from reports.cells import A3, FONT, Book, Cell, Column, Link, Rate
from reports.columns import (
    ALERT_COLUMNS,
    CASE_COLUMNS,
    DETAIL_COLUMNS,
    DETAILS,
    EVENT_COLUMNS,
    alert_cells,
    case_cells,
    event_cells,
    filter_text,
)
from reports.counting import GRAVE
from reports.definitions import load_definitions
from reports.figures import STATES
from reports.week import Figure, Line, OfficeLine, Week

DEMO = "演示数据，均为虚构"
FIRST_ROW = 2  # of the numbers in a sheet that begins with a table
_SHOWN_IDS = 400
_CHARTED = 15
_BLUE, _GREY, _RED, _GREEN = "#1D5FA8", "#B6BEC9", "#B3261E", "#1B7F4B"


def overview(book: Book, week: Week) -> None:
    sheet = book.sheet("概览", [24, 12, 12, 12, 12, 8, 60], landscape=False)
    row = book.title(sheet, 0, f"民声周报　{week.start:%Y年%m月%d日} 至 {week.end:%m月%d日}")
    for text, style in _remarks(week):
        sheet.write_string(row, 0, text, book.format(style))
        row += 1
    compared = "上周" if week.complete else "上周同期"
    columns = _columns(
        ("指标", 24), ("本周", 12), (compared, 12), ("变化", 12), ("变化率", 12), ("单位", 8), ("明细", 60)
    )
    for name, figures in (("一、信息", week.totals), ("二、办理", week.case_totals), ("三、预警", week.alert_totals)):
        row = book.title(sheet, row + 1, name, "part")
        row = book.table(sheet, row, columns, [_total_cells(figure) for figure in figures])
    for name, lines in (("四、情感", week.sentiments), ("五、严重程度", week.severities), ("六、类型", week.kinds)):
        row = book.title(sheet, row + 1, name, "part")
        row = book.table(sheet, row, columns, [_total_cells(line.posts) for line in lines])


def trend(book: Book, week: Week) -> None:
    sheet = book.sheet("趋势", [16, 11, 11, 11, 11, 60])
    row = _line_table(book, sheet, 0, "每日信息", "日期", week.days, "上周同日")
    chart = _chart(book, "line", "每日信息量", _peak(week.days))
    for column, name, colour in ((1, "本周", _BLUE), (2, "上周同日", _GREY), (3, "负面", _RED)):
        _series(chart, "趋势", column, name, colour, len(week.days))
    sheet.insert_chart(row + 1, 0, chart)


def hours(book: Book, week: Week) -> None:
    sheet = book.sheet("时段", [16, *[5] * 24])
    row = book.title(sheet, 0, "各时段信息量（列为北京时间的小时）", "part")
    columns = [Column("日期", 16), *(Column(str(hour), 5) for hour in range(24))]
    pairs = zip(week.days, week.hours, strict=True)
    cells = [[line.name, *(figure.value for figure in figures)] for line, figures in pairs]
    end = book.table(sheet, row, columns, cells)
    scale = {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#7FAEDD"}
    sheet.conditional_format(row + 1, 1, end - 1, 24, scale)
    note = "各格明细：在“信息明细”中按 所属周=本周；是否计入=计入；日期；小时 筛选"
    sheet.write_string(end, 0, note, book.format("note"))


def areas(book: Book, week: Week) -> None:
    sheet = book.sheet("领域", [26, 11, 11, 11, 11, 50], landscape=False)
    row = _line_table(book, sheet, 0, "政策领域", "领域", week.areas)
    row = _bar(book, sheet, row + 1, "领域", "各领域信息量", week.areas)
    _line_table(book, sheet, row, "事项", "事项", week.topics)


def regions(book: Book, week: Week) -> None:
    sheet = book.sheet("地区", [26, 11, 11, 11, 11, 50], landscape=False)
    row = _line_table(book, sheet, 0, "地区", "地区", week.regions)
    _bar(book, sheet, row + 1, "地区", "信息最多的地区", week.regions[:_CHARTED])


def sources(book: Book, week: Week) -> None:
    sheet = book.sheet("来源", [26, 11, 11, 11, 18, 40, 50])
    row = book.title(sheet, 0, "来源（没有采集到数据，不等于没有问题）", "part")
    columns = _columns(
        ("来源", 26),
        ("本周信息", 11),
        ("上周信息", 11),
        ("本周采集", 11),
        ("最近采集", 18),
        ("状况", 40),
        ("明细筛选", 50),
    )
    rows = [
        (line.name, line.posts.value, line.posts.before, line.fetched, line.last_at, line.status, _link(line.posts))
        for line in week.sources
    ]
    row = book.table(sheet, row, columns, rows)
    row = book.title(sheet, row + 1, "不计入的信息及原因", "part")
    cells = [(item.name, item.value, item.before, _link(item)) for item in week.set_aside]
    row = book.table(sheet, row, _columns(("原因", 26), ("本周", 11), ("上周", 11), ("明细筛选", 11)), cells)
    row = book.title(sheet, row + 1, "各环节丢弃、失败与静默（次数）", "part")
    losses = [(f"{meter.part} / {meter.what}", meter.n, meter.reason) for meter in week.dropped]
    book.table(sheet, row, _columns(("环节", 26), ("次数", 11), ("原因", 11)), losses)


def words(book: Book, week: Week) -> None:
    sheet = book.sheet("热词", [20, 11, 11, 11, 60])
    row = book.title(sheet, 0, "热词（近似重复的信息不重复计）", "part")
    columns = _columns(("热词", 20), ("本周信息", 11), ("上周信息", 11), ("变化", 11), ("明细筛选", 60))
    rows = [(item.name, item.value, item.before, item.change, _link(item)) for item in week.words]
    book.table(sheet, row, columns, rows)
    sheet.freeze_panes(row + 1, 1)


def events(book: Book, week: Week) -> None:
    _list(book, "事件", EVENT_COLUMNS, [event_cells(line) for line in week.events])


def cases(book: Book, week: Week) -> None:
    _list(book, "案件", CASE_COLUMNS, [case_cells(line) for line in week.cases])


def alerts(book: Book, week: Week) -> None:
    names = {line.office: line.name for line in week.offices}
    rows = [alert_cells(alert, names.get(alert.office, alert.office), STATES[alert.state]) for alert in week.alerts]
    _list(book, "预警", ALERT_COLUMNS, rows)


def details(book: Book, week: Week) -> None:
    rows = [tuple(item.cell(detail) for item in DETAIL_COLUMNS) for detail in week.details]
    _list(book, DETAILS, [item.column for item in DETAIL_COLUMNS], rows)


def offices(book: Book, week: Week) -> None:
    names = (
        "收到",
        "签收",
        "答复",
        "按时答复",
        "办结",
        "超期",
        "回潮",
        "签收用时中位数（小时）",
        "答复用时中位数（小时）",
    )
    sheet = book.sheet("单位", [30, *[10] * 7, 24, 24, 80])
    row = book.title(sheet, 0, "各单位办理情况", "part")
    columns = _columns(("单位", 30), *((name, 10) for name in names), ("案件编号", 80))
    columns[-1] = Column("案件编号", 80, wrap=True)
    end = book.table(sheet, row, columns, [_office_cells(line) for line in week.offices])
    sheet.freeze_panes(row + 1, 1)
    if not week.offices:
        return
    shown = week.offices[:_CHARTED]
    peak = max(item.value or 0 for line in shown for item in (line.received, line.answered, line.overdue))
    chart = _chart(book, "bar", "各单位案件数", peak, height=120 + 48 * len(shown))
    for column, name, colour in ((1, "收到", _BLUE), (3, "答复", _GREEN), (6, "超期", _RED)):
        _series(chart, "单位", column, name, colour, len(shown))
    sheet.insert_chart(end + 1, 0, chart)


def definitions(book: Book, week: Week) -> None:
    sheet = book.sheet("口径说明", [22, 48, 48, 60])
    row = book.title(sheet, 0, "口径说明")
    columns = [
        Column("指标", 22),
        Column("分子（或计数对象）", 48, True),
        Column("分母", 48, True),
        Column("说明", 60, True),
    ]
    rows = [(item.name, item.numerator, item.denominator or "无（计数）", item.note) for item in load_definitions()]
    book.table(sheet, row, columns, rows)
    sheet.freeze_panes(row + 1, 1)


def _remarks(week: Week) -> list[tuple[str, str]]:
    remarks = [(f"生成时间 {moment(week.made_at)}（北京时间），统计截至 {moment(week.until)}", "note")]
    if week.demo:
        remarks.insert(0, (DEMO, "warn"))
    if not week.complete:
        remarks.append(("本周尚未结束，上周数取同一时段", "note"))
    if week.silent_sources:
        names = "、".join(line.name for line in week.silent_sources)
        remarks.append((f"本周没有采集数据的来源：{names}。没有数据不等于没有问题", "warn"))
    return remarks


def _columns(*pairs: tuple[str, float]) -> list[Column]:
    return [Column(name, width) for name, width in pairs]


def _link(figure: Figure) -> Link:
    return Link(filter_text(figure) or figure.sheet, figure.sheet)


def _total_cells(figure: Figure) -> Sequence[Cell]:
    link = Link(f"“{figure.sheet}”表：{filter_text(figure) or '全部'}", figure.sheet)
    if figure.unit == "%":
        base = f"（分母 {figure.whole}）"
        return (figure.name + base, Rate(figure.value), Rate(figure.before), Rate(figure.change), None, "", link)
    return (figure.name, figure.value, figure.before, figure.change, Rate(figure.ratio), figure.unit, link)


def _line_table(
    book: Book, sheet: Worksheet, row: int, title: str, first: str, lines: Sequence[Line], before: str = "上周"
) -> int:
    row = book.title(sheet, row, title, "part")
    columns = _columns((first, 26), ("本周", 11), (before, 11), ("负面", 11), (GRAVE, 11), ("明细筛选", 50))
    rows = [
        (line.name, line.posts.value, line.posts.before, line.negative.value, line.grave.value, _link(line.posts))
        for line in lines
    ]
    return book.table(sheet, row, columns, rows)


def _list(book: Book, name: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
    """A sheet that is one long table with a filter, its header and first column always in sight."""
    sheet = book.sheet(name, [column.width for column in columns], paper=A3)
    end = book.table(sheet, 0, columns, rows)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(end - 1, 1), len(columns) - 1)
    sheet.repeat_rows(0)


def _office_cells(line: OfficeLine) -> Sequence[Cell]:
    counts = (line.received, line.accepted, line.answered, line.in_time, line.closed, line.overdue, line.relapsed)
    listed = "；".join(f"{item.name.rpartition('·')[2]}：{_ids(item)}" for item in counts if item.ids)
    medians = (_rounded(line.hours_to_accept.value), _rounded(line.hours_to_answer.value))
    return (line.name, *(item.value for item in counts), *medians, listed or None)


def _ids(figure: Figure) -> str:
    more = f" 等{len(figure.ids)}件" if len(figure.ids) > _SHOWN_IDS else ""
    return "、".join(figure.ids[:_SHOWN_IDS]) + more


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _bar(book: Book, sheet: Worksheet, row: int, of: str, title: str, lines: Sequence[Line]) -> int:
    """Put a bar chart of the sheet's first lines there; returns the row below it."""
    if not lines:
        return row
    chart = _chart(book, "bar", title, _peak(lines), height=110 + 36 * len(lines))
    _series(chart, of, 1, "本周", _BLUE, len(lines))
    _series(chart, of, 2, "上周", _GREY, len(lines))
    sheet.insert_chart(row, 0, chart)
    return row + (110 + 36 * len(lines)) // 20 + 2


def _peak(lines: Sequence[Line]) -> float:
    return max((max(line.posts.value or 0, line.posts.before or 0) for line in lines), default=0)


def _chart(book: Book, kind: str, title: str, peak: float, height: int = 320) -> Any:
    """`peak`: the largest number shown; counts below ten are ticked one by one."""
    chart: Any = book.workbook.add_chart({"type": kind})
    chart.set_title({"name": title, "name_font": {"name": FONT, "size": 12, "bold": True}})
    chart.set_legend({"position": "bottom", "font": {"name": FONT, "size": 9}})
    chart.set_size({"width": 760, "height": height})
    font = {"name": FONT, "size": 9}
    numbers: dict[str, Any] = {"num_font": font, "num_format": "#,##0", "min": 0}
    numbers |= {"major_gridlines": {"visible": True, "line": {"color": "#E5E7EB"}}, "line": {"none": True}}
    if peak < 10:
        numbers |= {"major_unit": 1, "max": max(peak, 1)}
    names: dict[str, Any] = {"num_font": font, "reverse": kind == "bar"}
    (chart.set_x_axis if kind == "bar" else chart.set_y_axis)(numbers)
    (chart.set_y_axis if kind == "bar" else chart.set_x_axis)(names)
    return chart


def _series(chart: Any, of: str, column: int, name: str, colour: str, rows: int) -> None:
    """A column of the sheet's first table: its names are in column 0, its numbers begin at FIRST_ROW."""
    chart.add_series(
        {
            "name": name,
            "categories": [of, FIRST_ROW, 0, FIRST_ROW + rows - 1, 0],
            "values": [of, FIRST_ROW, column, FIRST_ROW + rows - 1, column],
            "line": {"color": colour, "width": 2.25},
            "fill": {"color": colour},
            "border": {"none": True},
            "gap": 60,
        }
    )
