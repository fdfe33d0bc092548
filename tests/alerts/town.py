"""A small catalogue and ready-made values for the tests of this package. All texts are invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.model import Event, EventPost
from configs.catalog import (
    Branch,
    Calendar,
    Catalog,
    City,
    Clock,
    ClockSet,
    County,
    Match,
    Office,
    Province,
    Route,
    Rule,
    Sheet,
    Topic,
)
from stream.messages import Judged, Judgement, Place, Post, Scored

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)  # a Wednesday, 10:00 in Shanghai
HOUR = timedelta(hours=1)


def office(key: str, name: str, short: str, superior: str | None = "gov", **more: Any) -> Office:
    return Office(key=key, name=name, short=short, emails=(f"{key}@town.example",), superior=superior, **more)


def branch(region: str, name: str) -> Branch:
    return Branch(region=region, name=name, emails=(f"{region}@town.example",))


OFFICES = (
    office(
        "renshe",
        "人力资源和社会保障局",
        "人社局",
        aliases=("劳动监察大队", "劳动局"),
        branches=(branch("330109", "萧山区人社局"), branch("330200", "宁波市人社局")),
    ),
    office("zhujian", "住房和城乡建设局", "住建局", aliases=("房管局",)),
    office("chengguan", "综合行政执法局", "综合执法局", aliases=("城管", "城管局")),
    office("gongan", "公安局", "公安局", aliases=("派出所", "交警", "民警")),
    office("huanjing", "生态环境局", "生态环境局", aliases=("环保局",)),
    office("xiangzhen", "乡镇(街道)办事处", "乡镇街道", aliases=("镇政府", "街道办", "村委会", "村支书")),
    office("jiwei", "纪委监委", "纪委监委", aliases=("纪委",)),
    office("zhengwu", "政务服务管理办公室", "政务办", aliases=("政务服务中心",)),
    office("gov", "政府办公室", "政府办", superior=None),
    office("duty", "舆情值班室", "值班室"),
)

ROUTES = Route(
    key="default",
    name="值班室研判",
    lead="duty",
    basis="国办发〔2016〕61号",
    source="默认规则",
    routes=(
        Route(
            key="wages",
            name="工资拖欠",
            match=Match(topics=("wages",)),
            lead="renshe",
            helps=("xiangzhen",),
            basis="保障农民工工资支付条例第七条",
            source="派单目录",
            routes=(
                Route(
                    key="wages.site",
                    name="工地欠薪",
                    match=Match(words=("工地", "农民工")),
                    helps=("zhujian", "gongan"),
                ),
            ),
        ),
        Route(
            key="ecology",
            name="生态环境",
            match=Match(topics=("ecology",)),
            lead="huanjing",
            routes=(Route(key="ecology.hint", match=Match(offices=("chengguan", "shuili")), lead="@hint"),),
        ),
        Route(key="petition", name="信访", match=Match(words=("信访复查",)), lead="gov", clocks="slow"),
        Route(key="conduct", name="政务作风", match=Match(topics=("gov_conduct",)), lead="@hint", basis="信息公开条例"),
    ),
)

CLOCKS = (
    Clock(key="publish", name="发布权威信息", hours=5, source="国办发〔2016〕80号", due_soon_hours=1),
    Clock(key="press", name="新闻发布会", hours=24, source="国办发〔2016〕61号", due_soon_hours=4),
    Clock(key="respond", name="回应", hours=48, source="国办发〔2016〕61号", due_soon_hours=8),
    Clock(key="verify", name="核查", working_days=2, source="地方默认值", local=True, done_by=("verify", "close")),
    Clock(key="slow", name="办结", working_days=15, source="地方默认值", local=True, done_by=("close",)),
)
CLOCK_SETS = (
    ClockSet(key="major", name="重大", grades=("特别重大", "重大"), clocks=("publish", "press", "verify")),
    ClockSet(key="grave", name="严重", severity_min=4, clocks=("publish", "respond")),
    ClockSet(key="ordinary", name="一般", clocks=("respond",)),
    ClockSet(key="slow", name="信访", clocks=("slow",)),
)

PUBLIC = ("wages", "ecology", "gov_conduct", "housing")
SERIOUS = ("complaint", "help", "report")
RULES = (
    Rule(key="grave", name="特别严重", kind="grave", severity=4, match=Match(topics=PUBLIC)),
    Rule(key="gathering", name="三日三条", kind="threshold", posts=3, match=Match(topics=PUBLIC, intents=SERIOUS)),
    Rule(key="growth", name="快速增长", kind="growth", posts=6, window_hours=24, match=Match(intents=SERIOUS)),
)


def catalog(**changes: Any) -> Catalog:
    topics = (("wages", "工资拖欠"), ("ecology", "生态环境"), ("gov_conduct", "政务作风"), ("none", "无关"))
    counties = (County(code="330106", name="西湖区"), County(code="330109", name="萧山区"))
    cities = (
        City(code="330100", name="杭州市", counties=counties),
        City(code="330200", name="宁波市", counties=(County(code="330212", name="鄞州区"),)),
    )
    values: dict[str, Any] = {
        "topics": tuple(Topic(key=key, name=name, short=name) for key, name in topics),
        "offices": OFFICES,
        "routes": ROUTES,
        "rules": RULES,
        "clocks": CLOCKS,
        "clock_sets": CLOCK_SETS,
        "provinces": (Province(code="330000", name="浙江省", cities=cities),),
        "sources": (),
        "calendar": Calendar(),
        "sheet": Sheet(columns={}),
    }
    return Catalog(**(values | changes))


def event(event_id: str = "ev-1", **changes: Any) -> Event:
    base = Event(
        id=event_id,
        title="云栖工地拖欠工资",
        topic="wages",
        office_hint="renshe",
        region="330106",
        place="杭州市西湖区",
        first_seen=NOW - 5 * HOUR,
        last_seen=NOW,
        posts=3,
        severity=2,
        severity_score=2.0,
        sentiment_neg=2,
        heat=1.5,
        trend=0.5,
        sources={"board": 2, "forum": 1},
        daily={"2026-11-25": 3},
        keywords=("工资", "工地"),
        representatives=("p1", "p2"),
    )
    return replace(base, **changes)


def link(post_id: str, event_id: str = "ev-1", **changes: Any) -> EventPost:
    return replace(EventPost(post_id, event_id, NOW, "board", 2, 0.8, False, "complaint"), **changes)


def post(post_id: str, text: str = "工地拖欠工资三个月", **changes: Any) -> Post:
    base = Post(
        id=post_id,
        source="board",
        kind="message",
        title="拖欠工资",
        text=text,
        published_at=NOW,
        fetched_at=NOW,
        region="330106",
    )
    return replace(base, **changes)


def judgement(post_id: str, topic: str = "wages", hint: str = "renshe", **changes: Any) -> Judgement:
    intent, sentiment = changes.pop("intent", "complaint"), changes.pop("sentiment", "neg")
    base = Judgement(
        post_id=post_id,
        topics=(Scored(topic, 0.9),),
        office=Scored(hint, 0.8),
        sentiment=Scored(sentiment, 0.9),
        intent=Scored(intent, 0.9),
        severity=2,
        severity_score=2.0,
        place=Place(code="330106", province="浙江省", city="杭州市", county="西湖区", basis="text"),
        model="test-1",
    )
    return replace(base, **changes)


def judged(post_id: str, text: str = "工地拖欠工资三个月", at: datetime = NOW, **changes: Any) -> Judged:
    """`changes` of the judgement; `source`, `title` and `backfill` of the post."""
    of_post = {name: changes.pop(name) for name in ("source", "title", "backfill") if name in changes}
    return Judged(post(post_id, text, published_at=at, fetched_at=at, **of_post), judgement(post_id, **changes))
