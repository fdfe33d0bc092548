"""What the sheets that list posts, events, cases and alerts show, column by column; filters use these names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from alerts.model import Alert
from alerts.notify.words import KIND, SEVERITY
from reports.cells import Cell, Column
from reports.week import CaseLine, Detail, EventLine, Figure

DETAILS = "信息明细"


@dataclass(frozen=True, slots=True)
class DetailColumn:
    """`field` is the Detail field that filters use."""

    field: str
    column: Column
    cell: Callable[[Detail], Cell]


DETAIL_COLUMNS: tuple[DetailColumn, ...] = (
    DetailColumn("id", Column("信息编号", 27), lambda row: row.id),
    DetailColumn("week", Column("所属周", 8), lambda row: row.week),
    DetailColumn("counted", Column("是否计入", 16), lambda row: row.counted),
    DetailColumn("day", Column("日期", 12), lambda row: row.day),
    DetailColumn("hour", Column("小时", 6), lambda row: row.hour),
    DetailColumn("source", Column("来源", 18), lambda row: row.source),
    DetailColumn("kind", Column("类型", 10), lambda row: row.kind),
    DetailColumn("topic", Column("事项", 20), lambda row: row.topic),
    DetailColumn("area", Column("领域", 14), lambda row: row.area),
    DetailColumn("region", Column("地区", 18), lambda row: row.region),
    DetailColumn("sentiment", Column("情感", 7), lambda row: row.sentiment),
    DetailColumn("intent", Column("意图", 7), lambda row: row.intent),
    DetailColumn("severity", Column("严重程度", 10), lambda row: row.severity),
    DetailColumn("office", Column("研判单位", 22), lambda row: row.office),
    DetailColumn("copy", Column("近似重复", 9), lambda row: row.copy),
    DetailColumn("keywords", Column("关键词", 24), lambda row: "、".join(row.keywords)),
    DetailColumn("event_id", Column("事件编号", 27), lambda row: row.event_id or None),
    DetailColumn("case_number", Column("案件编号", 19), lambda row: row.case_number or None),
    DetailColumn("title", Column("标题", 36), lambda row: row.title),
    DetailColumn("text", Column("正文（已遮蔽个人信息）", 70), lambda row: row.text),
    DetailColumn("url", Column("原文链接", 36), lambda row: row.url or None),
    DetailColumn("model", Column("研判模型", 18), lambda row: row.model),
)
NAMES: Mapping[str, str] = {item.field: item.column.name for item in DETAIL_COLUMNS}

EVENT_COLUMNS = (
    Column("事件编号", 27),
    Column("标题", 44),
    Column("领域", 20),
    Column("地点", 24),
    Column("严重程度", 10),
    Column("事件分级", 10),
    Column("本周信息", 10),
    Column("上周信息", 10),
    Column("累计信息", 10),
    Column("来源数", 8),
    Column("热度", 8),
    Column("首次出现", 17),
    Column("最近出现", 17),
    Column("主办单位", 26),
    Column("案件编号", 19),
    Column("案件状态", 12),
    Column("明细筛选", 44),
)
CASE_COLUMNS = (
    Column("案件编号", 19),
    Column("标题", 44),
    Column("领域", 20),
    Column("地点", 24),
    Column("主办单位", 26),
    Column("状态", 12),
    Column("严重程度", 10),
    Column("事件分级", 10),
    Column("立案时间", 17),
    Column("本周立案", 10),
    Column("签收时间", 17),
    Column("签收用时（小时）", 17),
    Column("本周答复", 10),
    Column("答复时间", 17),
    Column("答复用时（小时）", 17),
    Column("按时答复", 10),
    Column("本周办结", 10),
    Column("办结时间", 17),
    Column("本周超期", 10),
    Column("超期时限", 26),
    Column("本周回潮", 10),
    Column("回潮次数", 10),
    Column("事件编号", 27),
)
ALERT_COLUMNS = (
    Column("预警编号", 44),
    Column("类型", 12),
    Column("严重程度", 10),
    Column("标题", 44),
    Column("单位", 26),
    Column("产生时间", 17),
    Column("状态", 16),
    Column("发送时间", 17),
    Column("尝试次数", 10),
    Column("未发送原因", 50, wrap=True),
)


def filter_text(figure: Figure) -> str:
    """The filter in the column names of its sheet: 所属周=本周；领域=工资拖欠."""
    parts = []
    for name, value in figure.where.items():
        parts.append(f"{NAMES.get(name, name)}{'含' if name == 'keywords' else '='}{value}")
    return "；".join(parts)


def yes_no(value: bool) -> str:
    return "是" if value else "否"


def event_cells(line: EventLine) -> tuple[Cell, ...]:
    event = line.event
    return (
        event.id,
        event.title,
        line.topic,
        event.place or None,
        line.severity,
        event.event_grade,
        line.week_posts.value,
        line.week_posts.before,
        event.posts,
        len(event.sources),
        round(event.heat, 1),
        event.first_seen,
        event.last_seen,
        line.office or None,
        line.case_number or None,
        line.state or None,
        filter_text(line.week_posts),
    )


def case_cells(line: CaseLine) -> tuple[Cell, ...]:
    case = line.case
    return (
        case.number,
        case.title,
        line.topic,
        case.place or None,
        line.office,
        line.state,
        line.severity,
        case.event_grade,
        case.opened_at,
        yes_no(line.opened),
        line.accepted_at,
        line.hours_to_accept,
        yes_no(line.answered_at is not None),
        line.answered_at,
        line.hours_to_answer,
        None if line.in_time is None else yes_no(line.in_time),
        yes_no(line.closed),
        case.closed_at,
        yes_no(bool(line.late)),
        "、".join(line.late) or None,
        yes_no(line.relapsed),
        case.relapses,
        case.event_id,
    )


def alert_cells(alert: Alert, office: str, state: str) -> tuple[Cell, ...]:
    return (
        alert.id,
        KIND[alert.kind],
        SEVERITY[alert.severity],
        alert.title,
        office,
        alert.created_at,
        state,
        alert.sent_at,
        alert.attempts,
        alert.why_not or None,
    )
