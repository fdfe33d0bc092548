"""The Chinese words of the mails for values of the model, and how moments and spans of time are written in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

# Apart from 一般 not the words of the statutory event grades (较大, 重大, 特别重大), which are read from facts.
SEVERITY: Mapping[int, str] = {1: "一般", 2: "较重", 3: "严重", 4: "特别严重"}
# What each severity means: the annotation guide of the labels the model is trained on.
SEVERITY_MEANS: Mapping[int, str] = {
    1: "日常咨询、建议或轻微问题",
    2: "持续困扰或个别群众权益受损",
    3: "涉及人数多、金额大，或有安全健康隐患",
    4: "涉及伤亡、生命危险、群体事件或大额资金风险",
}
# Warning colours: 突发事件应对法 (2024) 第六十三条, red highest. Darkened until white text on them can be read.
COLOUR: Mapping[int, str] = {1: "#1d5fa8", 2: "#8a6d00", 3: "#c2570c", 4: "#b3261e"}
KIND: Mapping[str, str] = {
    "new_case": "新立案件",
    "grave": "重大情况",
    "growth": "快速增长",
    "reopened": "重新办理",
    "due_soon": "临期提醒",
    "overdue": "超期提醒",
    "clock_met": "超期后已完成",
    "extension": "延期审核结果",
    "promise_overdue": "承诺到期未核实",
    "drift": "研判变化提醒",
    "spike": "信息突增",
    "sentiment": "负面情绪上升",
    "new_term": "新词出现",
    "source_silent": "来源无动静",
    "source_recovered": "来源恢复",
    "unreachable": "通知无法送达",
}
FIGURE: Mapping[str, str] = {
    "posts": "信息数（条）",
    "sources": "来源数（个）",
    "baseline": "前一时段（条）",
    "hours": "统计时段（小时）",
    "usual": "往常同一时段（条）",
    "negative": "负面信息（条）",
}
# Said in place of the quotes where every post accuses the office that the mail goes to.
WITHHELD = "按照《信访工作条例》第三十条，原文不随本邮件转送；需要了解情况的，请与值班人员联系。"

# An office that no notice reaches, said to whoever stands above it.
UNREACHABLE_TITLE = "{office}收不到通知"
UNREACHABLE_REASON = "发给该单位的 {n} 条通知未能送达（{why}）。请另行告知该单位，并请其更正收件地址。"
REFUSED = "收件地址被拒收，其余收件人已收到"

# Said in place of the quotes where the archive was away when the mail went out.
UNREAD = "原文暂时读不到，未附摘录，以免耽误办理；请在案件页面查看，或与值班人员联系。"


def span(length: timedelta) -> str:
    """A positive length as people say it: 46 小时 30 分; from three days on: 4 天 6 小时."""
    minutes = int(length.total_seconds() // 60)
    if minutes >= 3 * 24 * 60:
        days, rest = divmod(minutes, 24 * 60)
        return f"{days} 天 {rest // 60} 小时" if rest >= 60 else f"{days} 天"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} 分钟"
    return f"{hours} 小时 {rest} 分" if rest else f"{hours} 小时"


def remaining(due: datetime, now: datetime) -> str:
    """还剩 46 小时 30 分, or 已超 2 小时; within a minute of it 刚刚到期."""
    if abs(due - now) < timedelta(minutes=1):
        return "刚刚到期" if due <= now else "即将到期"
    return f"还剩 {span(due - now)}" if due > now else f"已超 {span(now - due)}"
