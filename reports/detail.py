"""Judged posts -> the rows of the detail sheet, which all counts of posts are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from alerts.notify.clean import clean_line, clean_text, clip, web_link
from alerts.notify.words import SEVERITY
from alerts.routes import is_province
from configs.catalog import SHANGHAI, Catalog
from reports.week import Detail, Where
from stream.messages import Judged, Place

COUNTED = "计入"
THIS, LAST = "本周", "上周"
UNKNOWN_PLACE = "地点不明"
VAGUE = "（未定位到市县）"  # after the name of a province, where nothing more is known
WEEK = timedelta(days=7)
TEXT_LIMIT = 1000  # characters of a post that the detail sheet shows

SENTIMENTS: Mapping[str, str] = {"neg": "负面", "neu": "中性", "pos": "正面"}
INTENTS: Mapping[str, str] = {
    "complaint": "投诉",
    "help": "求助",
    "ask": "咨询",
    "suggest": "建议",
    "report": "举报",
    "praise": "表扬",
    "other": "其他",
}
KINDS: Mapping[str, str] = {
    "message": "留言",
    "hotline": "热线工单",
    "forum": "论坛",
    "social": "社交媒体",
    "comment": "评论",
    "news": "新闻",
}
ASIDE: Mapping[str, str] = {"advert": "广告", "template": "模板文本"}


@dataclass(frozen=True, slots=True)
class Span:
    """The week and the one before as instants (UTC); `until` is now while the week is not over."""

    last: datetime
    start: datetime
    end: datetime
    until: datetime

    def week_of(self, at: datetime) -> str:
        """本周, 上周, or "" for what lies outside both. Of last week only as much counts as this week has come to."""
        if self.start <= at < self.end:
            return THIS
        return LAST if self.last <= at < self.until - WEEK else ""


def span_of(monday: date, now: datetime) -> Span:
    """Raises ValueError when the day is no Monday."""
    if monday.isoweekday() != 1:
        raise ValueError(f"{monday} 不是星期一")
    start = datetime.combine(monday, time(), SHANGHAI)
    end = start + WEEK
    return Span(start - WEEK, start, end, min(end, max(now, start)))


def _region(catalog: Catalog, place: Place) -> str:
    name = catalog.place_name(place.code) or place.label
    return f"{name}{VAGUE}" if name and is_province(place.code) else name or UNKNOWN_PLACE


def detail_of(
    judged: Judged, span: Span, catalog: Catalog, links: Mapping[str, str], numbers: Mapping[str, str]
) -> Detail | None:
    """The row, None if the post is of neither week. `links`: post -> event id; `numbers`: event id -> case number."""
    post, judgement = judged.post, judged.judgement
    week = span.week_of(post.published_at)
    if not week:
        return None
    local = post.published_at.astimezone(SHANGHAI)
    topic, source = catalog.topic.get(judgement.topic), catalog.source.get(post.source)
    event_id = links.get(post.id, "")
    return Detail(
        id=post.id,
        week=week,
        day=f"{local:%Y-%m-%d}",
        hour=f"{local:%H}",
        at=post.published_at,
        fetched_at=post.fetched_at,
        counted=aside_name(judgement.set_aside) if judgement.set_aside else COUNTED,
        source=source.name if source else post.source,
        kind=KINDS[post.kind],
        topic=topic.name if topic else judgement.topic,
        area=topic.area if topic else "其他",
        region=_region(catalog, judgement.place),
        sentiment=SENTIMENTS.get(judgement.sentiment.key, judgement.sentiment.key),
        intent=INTENTS.get(judgement.intent.key, judgement.intent.key),
        severity=SEVERITY[judgement.severity],
        office=catalog.office_name(judgement.office.key) if judgement.office.key != "none" else "无",
        copy="是" if judgement.near_copy_of else "否",
        keywords=judgement.keywords,
        event_id=event_id,
        case_number=numbers.get(event_id, ""),
        title=clean_line(post.title),
        text=clip(clean_text(post.text), TEXT_LIMIT),
        url=web_link(post.url),
        model=judgement.model,
    )


def aside_name(reason: str) -> str:
    return f"不计入：{ASIDE.get(reason, reason)}"


def fits(detail: Detail, where: Where) -> bool:
    """Whether the row passes the filter: every field has the value; of several keywords one is enough."""
    for name, wanted in where.items():
        value = getattr(detail, name)
        if wanted not in value if isinstance(value, tuple) else value != wanted:
            return False
    return True
