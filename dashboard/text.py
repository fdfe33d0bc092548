"""How things are written on the pages: Chinese labels, Shanghai times, countdowns, and safe HTML of what posts say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from html import escape
from urllib.parse import urlsplit

from alerts.cases import VERBS
from alerts.model import RunningClock
from alerts.notify.words import COLOUR, SEVERITY
from alerts.notify.words import KIND as ALERT_KIND
from configs.catalog import SHANGHAI, Catalog
from dashboard.office_words import DUTY_ITEM

__all__ = ["ALERT_KIND", "COLOUR", "SEVERITY"]

SENTIMENT = {"neg": "负面", "neu": "中性", "pos": "正面"}
INTENT = {
    "complaint": "投诉",
    "help": "求助",
    "ask": "咨询",
    "suggest": "建议",
    "report": "举报",
    "praise": "表扬",
    "other": "其他",
}
KIND = {"message": "留言", "hotline": "热线", "forum": "论坛", "social": "社交", "comment": "评论", "news": "新闻"}
ALERT_STATE = {"pending": "待发送", "sent": "已发送", "failed": "发送失败", "muted": "未发送"}
SET_ASIDE = {"advert": "广告", "template": "套话"}
ROLE = {"duty": "值班员", "admin": "管理员"}
URGENCY = {"overdue": "已超时", "due_soon": "将到期", "objected": "派单异议待处理", "grave": SEVERITY[4]}
SOURCE_STATE = {"ok": "正常", "failed": "失败", "silent": "无动静", "never": "未采集"}
ANSWER = {
    "topic": "事项",
    "topic2": "次要事项",
    "office": "单位",
    "sentiment": "情感",
    "intent": "诉求",
    "severity": "严重程度",
    "place": "地点",
    "set_aside": "搁置",
}

PART = {
    "judge": "研判",
    "archive": "归档",
    "decide": "归并派单",
    "deliver": "送达",
    "inbox": "收回复",
    "crawl": "采集",
    "import": "导入",
    "demo": "演示重放",
}
WHAT = {
    "crawl_dropped": "采集时舍弃",
    "crawl_failed": "采集失败",
    "crawl_retried": "采集重试",
    "dead": "移入死信",
    "retried": "重试",
    "handled": "处理完成",
    "published": "写入流水",
    "set_aside": "搁置不立案",
    "skipped": "跳过",
    "no_case": "不触发立案",
    "decided": "归并结果",
    "muted": "不再通知",
    "waits": "暂缓发送",
    "told_again": "再次提醒",
    "sent": "已发送",
    "failed": "发送失败",
    "refused": "收件人被拒",
    "mail_read": "收到的邮件",
    "ask_failed": "询问案件编号未发出",
    "chat_sent": "群消息已发",
    "chat_failed": "群消息失败",
    "unquoted": "未附摘录即发出",
    "told": "规则预警",
    "changed": "研判有变",
    "second_look": "复看",
}
PLAIN_SUCCESS = ("handled", "published", "sent", "decided")  # what is counted and is no loss
SHARES = ("judged_topic", "judged_confidence", "judged_unknown", "judged_by")  # what is counted to see shares, not sums
REASON = {
    **SET_ASIDE,
    "robots": "robots.txt 不允许",
    "forbidden_address": "内网或保留地址",
    "too_big": "页面过大",
    "not_html": "不是网页",
    "max_pages": "超过页数上限",
    "bad_link": "链接不是网页地址",
    "bad_row": "表格坏行",
    "gave_up": "多次重试仍失败",
    "store": "写入失败",
    "internal": "程序出错",
    "status_404": "页面不存在 (404)",
    "status_410": "页面已删除 (410)",
    "already_grouped": "已归并过",
    "backfill": "补采的历史信息",
    "no_public_matter": "与公共事务无关",
    "elsewhere": "地点不在所辖范围",
    "praise": "表扬",
    "no_rule": "未达立案规则",
    "told": "只预警不立案",
    "opened": "新立案件",
    "joined": "并入在办案件",
    "joined_closed": "并入已结案件",
    "reopened": "重新办理",
    "relapsed": "回潮重办",
    "joined_other": "并入另一案件",
    "case_closed": "案件已结",
    "case_moved": "案件已改派",
    "clock_done": "时限已完成",
    "clock_moved": "时限已延",
    "silenced": "人工静默",
    "inhibited": "已有更重的预警",
    "office_hours": "不在办公时间",
    "group_wait": "等同一事项的一并发出",
    "group_interval": "刚为同一事项发过",
    "daily_cap": "已达当日上限，并入汇总",
    "round": "与其他提醒合成一封",
    "never_told": "超期没有告知过",
    "promise_checked": "承诺已核实",
    "accepted": "已被接收",
    "retryable": "可重试",
    "permanent": "不可重试",
    "recipient": "个别收件人",
    "ok": "正常",
    "housekeeping": "到期清理",
    "rules": "按时段计数的规则",
    "archive_away": "检索库暂时不能用",
    "newly_grave": "新列为严重",
    "other": "其他",
    "judged": "已由大模型再看",
    "posts.raw": "原始信息",
    "posts.judged": "研判结果",
    "Conflict": "与另一进程同时写入",
    "Unavailable": "服务暂时不可用",
    "Poison": "内容无法处理",
}
MAIL = {  # what became of a mail that came in
    **DUTY_ITEM,
    "copy": "重复收到",
    "auto": "自动回复",
    "delayed": "对方服务器暂缓投递",
    "answer": VERBS["answer"].label,
    "note": VERBS["note"].label,
}
REASONS_OF = {"mail_read": MAIL, "told_again": ALERT_KIND}  # where the reasons are no plain REASON

AUDIT = {
    "login": "登录",
    "login.failed": "登录失败",
    "logout": "退出",
    "case.view": "查看案件",
    "event.view": "查看事件",
    "post.view": "查看信息",
    "post.correct": "改正研判",
    "model.use": "启用模型",
    "model.rollback": "退回模型",
    "export.corrections": "导出改正",
    "search": "检索",
    "user.add": "新增用户",
    "user.passwd": "修改密码",
    "user.disable": "停用用户",
    "user.enable": "启用用户",
    "import": "导入表格",
    "export.weekly": "导出周报",
    "mail_refused": "收件地址被拒",
    "mail_bounced": "邮件被退回",
    "office.open": "单位打开办理链接",
    "office.moved": "单位打开已改派的链接",
    "office.bad": "打开无效链接",
    "office.expired": "打开过期链接",
    "office.revoked": "打开已作废的链接",
    "link.revoke": "作废办理链接",
    "office.extend": "单位申请延期",
    "office.attach": "单位上传附件",
    "file.read": "下载附件",
    "item.done": "处理来信或退信",
    "silence.add": "设静默",
    "silence.end": "结束静默",
    "event.merge": "归并事件",
    "event.split": "拆分事件",
    "rejudge": "重新研判历史信息",
    "export.events": "导出归并记录",
    "export.rejudged": "导出研判变化",
    **{f"case.{verb.key}": verb.label for verb in VERBS.values()},
}

Span = tuple[int, int]


def stamp(at: datetime | None) -> str:
    """2026-11-25 09:30 in Shanghai; a dash for no time."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else "—"


def clock_until(clock: RunningClock, last: datetime) -> str:
    """A clock that can be put off, and until when."""
    return f"{clock.name}（原定 {stamp(clock.due_at)}，至多延到 {stamp(last)}）"


def until(at: datetime) -> str:
    """As a deadline is said: the end of a day is 24:00 of that day, not 00:00 of the next."""
    local = at.astimezone(SHANGHAI)
    if (local.hour, local.minute) != (0, 0):
        return stamp(at)
    return f"{local - timedelta(days=1):%Y-%m-%d} 24:00"


def ago(at: datetime, now: datetime) -> str:
    passed = now - at
    if passed < timedelta(minutes=1):
        return "刚刚"
    return f"{span(passed)}前"


def span(length: timedelta) -> str:
    """The two largest units that tell: 3天4小时, 2小时5分, 40分."""
    minutes = max(0, int(length.total_seconds()) // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days}天{hours}小时" if hours else f"{days}天"
    if hours:
        return f"{hours}小时{rest}分" if rest else f"{hours}小时"
    return f"{rest}分"


def countdown(due: datetime, now: datetime) -> str:
    return f"剩 {span(due - now)}" if due > now else f"超时 {span(now - due)}"


def source_name(catalog: Catalog, key: str) -> str:
    source = catalog.source.get(key)
    return source.name if source else key


def topic_name(catalog: Catalog, key: str) -> str:
    topic = catalog.topic.get(key)
    return topic.short if topic else key


def office_name(catalog: Catalog, office_id: str) -> str:
    return "无" if office_id in ("", "none") else catalog.office_name(office_id)


def region_name(catalog: Catalog, code: str) -> str:
    return catalog.place_name(code) or "地点不明"


def highlighted(text: str, spans: Iterable[Span], mark: str = "mark") -> str:
    """HTML of a text with the spans marked; the text itself is escaped, spans may overlap or lie outside."""
    pieces, at = [], 0
    for start, end in merged(spans, len(text)):
        pieces += [escape(text[at:start]), f"<{mark}>{escape(text[start:end])}</{mark}>"]
        at = end
    return "".join([*pieces, escape(text[at:])]).replace("\n", "<br>")


def merged(spans: Iterable[Span], length: int) -> list[Span]:
    """The spans within 0..length, sorted, overlapping and touching ones joined."""
    joined: list[Span] = []
    for start, end in sorted((max(0, start), min(end, length)) for start, end in spans):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def excerpt(text: str, spans: Sequence[Span], length: int) -> tuple[str, list[Span]]:
    """At most `length` characters around the first span, and the spans moved accordingly."""
    if len(text) <= length:
        return text, list(spans)
    start = max(0, min((first for first, _ in spans), default=0) - length // 4)
    start = min(start, len(text) - length)
    cut = text[start : start + length]
    lead, tail = "…" if start else "", "…" if start + length < len(text) else ""
    move = len(lead) - start
    return f"{lead}{cut}{tail}", [(first + move, last + move) for first, last in spans]


def web_link(url: str) -> str:
    """The address if a browser may be sent there, else ""."""
    try:
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:
        return ""


_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:$&^=])")


def plain(text: str) -> str:
    """The text for a label that Streamlit reads as Markdown: every mark escaped, on one line."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def answer_name(catalog: Catalog, answer: str) -> str:
    """事项 工资, 严重程度 严重 … for a reason's `answer` (topic:wages, severity:3)."""
    kind, _, key = answer.partition(":")
    return f"{ANSWER.get(kind, kind)} {value_name(catalog, kind, key)}".strip()


def value_name(catalog: Catalog, kind: str, key: str) -> str:
    """The words for a key of one kind of answer."""
    match kind:
        case "topic" | "topic2":
            return "无" if key == "-" else topic_name(catalog, key)
        case "office":
            return office_name(catalog, key)
        case "place":
            return region_name(catalog, key)
        case "severity":
            return SEVERITY.get(int(key), key) if key.isdigit() else key
    words = {"sentiment": SENTIMENT, "intent": INTENT, "set_aside": SET_ASIDE}
    return words.get(kind, {}).get(key, key)


def counted(what: str, reason: str) -> tuple[str, str]:
    """The Chinese words for what a meter counts; a code that has none stays as it is."""
    return WHAT.get(what, what), REASONS_OF.get(what, REASON).get(reason, reason)
