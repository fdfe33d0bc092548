"""An invented week: posts, events, cases and alerts with known numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from alerts.ledger import Meter, SourceRun
from alerts.model import Action, Alert, AlertState, Case, Event, RunningClock
from configs.catalog import Calendar, Catalog, City, County, Office, Province, Route, Rule, Sheet, Source, Topic
from reports.figures import weekly
from reports.week import Week
from stream.messages import Judged, Judgement, Place, Post, Scored

MONDAY = date(2026, 11, 16)
START = datetime(2026, 11, 15, 16, 0, tzinfo=UTC)  # Monday 00:00 in Shanghai
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
AFTER = START + 9 * DAY  # well after the week


def make_catalog() -> Catalog:
    topics = (
        Topic(key="wages", name="工资拖欠与劳动权益", short="工资", area="工资拖欠"),
        Topic(key="ecology", name="生态环境", short="生态", area="生态环境"),
        Topic(key="none", name="与政府职责无关", short="无关"),
    )
    offices = tuple(
        Office(key=key, name=name, short=name, emails=(f"{key}@town.example",))
        for key, name in (("renshe", "人社局"), ("huanjing", "生态环境局"), ("gov", "政府办"))
    )
    sources = (
        Source(key="board", name="留言板", kind="board", url="http://b.example/", publishes="message", enabled=True),
        Source(key="forum", name="论坛", kind="forum", url="http://f.example/", publishes="forum", enabled=True),
        Source(key="rss", name="资讯", kind="rss", url="http://r.example/", publishes="news"),
    )
    hangzhou = City(code="330100", name="杭州市", counties=(County(code="330106", name="西湖区"),))
    jinhua = City(code="330700", name="金华市", counties=(County(code="330782", name="义乌市"),))
    return Catalog(
        topics=topics,
        offices=offices,
        routes=Route(key="default", lead="gov"),
        rules=(Rule(key="grave", name="单条即立案", kind="grave"),),
        clocks=(),
        clock_sets=(),
        provinces=(Province(code="330000", name="浙江省", cities=(hangzhou, jinhua)),),
        sources=sources,
        calendar=Calendar(),
        sheet=Sheet(columns={}),
    )


def make_post(post_id: str, at: datetime, **changes: Any) -> Judged:
    """`topic`, `sentiment`, `severity`, `place`, `set_aside`, `near_copy_of`, `keywords` are the judgement's."""
    says = {
        "topics": (Scored(changes.pop("topic", "wages"), 0.9),),
        "sentiment": Scored(changes.pop("sentiment", "neg"), 0.9),
        "severity": changes.pop("severity", 2),
        "place": Place(code=changes.pop("place", "330782")),
        "set_aside": changes.pop("set_aside", ""),
        "near_copy_of": changes.pop("near_copy_of", ""),
        "keywords": changes.pop("keywords", ()),
    }
    post = Post(
        post_id, "board", "message", f"标题{post_id}", "工地拖欠工资。", at, at + HOUR, f"http://b.example/{post_id}"
    )
    judgement = Judgement(
        post_id=post_id,
        office=Scored("renshe", 0.9),
        intent=Scored("help", 0.9),
        severity_score=2.0,
        model="test-1",
        **says,
    )
    return Judged(replace(post, **changes), judgement)


def make_event(event_id: str, **changes: Any) -> Event:
    event = Event(
        id=event_id,
        title=f"事件{event_id}",
        topic="wages",
        office_hint="renshe",
        region="330782",
        place="金华市义乌市",
        first_seen=START,
        last_seen=START + DAY,
        posts=3,
        severity=3,
        severity_score=2.8,
        sentiment_neg=2,
        heat=5.0,
        trend=1.0,
        sources={"board": 3},
    )
    return replace(event, **changes)


def make_clock(due: datetime, done: datetime | None = None, name: str = "回应") -> RunningClock:
    return RunningClock("respond", name, "国办发〔2016〕61号", due - 2 * DAY, due, due - 8 * HOUR, done)


def make_case(number: int, opened_at: datetime, **changes: Any) -> Case:
    case = Case(
        id=f"c{number}",
        number=f"MS-20261116-{number:04d}",
        event_id=f"e{number}",
        title=f"案件{number}",
        topic="wages",
        region="330782",
        place="金华市义乌市",
        office="renshe",
        helps=(),
        state="dispatched",
        severity=3,
        opened_at=opened_at,
        updated_at=opened_at,
    )
    return replace(case, **changes)


def make_history(case: Case, *steps: tuple[str, datetime], office: str = "") -> list[Action]:
    """(state reached, when) pairs, the first being the opening."""
    actions, before = [], ""
    for place, (after, at) in enumerate(steps):
        data = {"office": office or case.office} if after == "dispatched" else {}
        actions.append(
            Action(f"{case.id}:{place}", case.id, at, "system", after, before=before, after=after, data=data)
        )
        before = after
    return actions


def make_alert(alert_id: str, state: AlertState, **changes: Any) -> Alert:
    alert = Alert(alert_id, "new_case", "renshe", "c1", "e1", "标题", "原因", START + DAY, 3)
    return replace(alert, state=state, **changes)


def make_week(
    posts: Sequence[Judged] = (),
    *,
    now: datetime = AFTER,
    events: Sequence[Event] = (),
    cases: Sequence[Case] = (),
    actions: Sequence[Action] = (),
    alerts: Sequence[Alert] = (),
    health: Sequence[SourceRun] = (),
    links: dict[str, str] | None = None,
    meters: Sequence[Meter] = (),
    demo: bool = False,
) -> Week:
    return weekly(
        MONDAY,
        posts,
        events,
        cases,
        actions,
        alerts,
        health,
        now,
        catalog=make_catalog(),
        links=links or {},
        meters=meters,
        demo=demo,
    )


def full_week() -> Week:
    """One of everything, for the files."""
    words = (("欠薪", "工地"), ("污水",), ("欠薪",))
    posts = [
        make_post(
            f"p{number:02d}",
            START + (number * 7 % 13 - 6) * DAY + number % 24 * HOUR,
            topic=("wages", "ecology", "none")[number % 3],
            sentiment=("neg", "neg", "neu", "pos")[number % 4],
            severity=(1, 2, 2, 3, 4)[number % 5],
            place=("330782", "330106", "")[number % 3],
            source=("board", "hotline")[number % 2],
            kind=("message", "hotline")[number % 2],
            set_aside="advert" if number % 11 == 10 else "",
            near_copy_of="p00" if number % 9 == 8 else "",
            keywords=words[number % 3],
        )
        for number in range(60)
    ]
    cases = [
        make_case(1, START - DAY, clocks=(make_clock(START + DAY),)),
        make_case(2, START + DAY, state="answered", clocks=(make_clock(START + 3 * DAY, START + 2 * DAY),)),
        make_case(3, START + DAY, state="closed", closed_at=START + 5 * DAY, office="huanjing"),
        make_case(4, START - 9 * DAY, office="huanjing", relapses=1),
    ]
    actions = [
        *make_history(cases[0], ("dispatched", START - DAY)),
        *make_history(
            cases[1], ("dispatched", START + DAY), ("accepted", START + DAY + HOUR), ("answered", START + 2 * DAY)
        ),
        *make_history(
            cases[2], ("dispatched", START + DAY), ("answered", START + 4 * DAY), ("closed", START + 5 * DAY)
        ),
    ]
    actions += make_history(cases[3], ("dispatched", START - 9 * DAY), ("closed", START - 4 * DAY))
    back = START + 2 * DAY
    actions.append(Action("c4:back", "c4", back, "system", "relapse", "回潮", "closed", "dispatched"))
    alerts = [make_alert("a1", "sent", sent_at=START + DAY), make_alert("a2", "muted", why_not="案件已办结")]
    links = {f"p{number:02d}": f"e{number % 4 + 1}" for number in range(40)}
    return make_week(
        posts,
        events=[make_event(f"e{number}", heat=number) for number in (1, 2, 3, 4)],
        cases=cases,
        actions=actions,
        alerts=alerts,
        health=[SourceRun("board", START + 2 * DAY, True, 10, 2)],
        links=links,
        meters=[Meter("crawl", "dropped", "robots", 12), Meter("judge", "handled", "", 400)],
        demo=True,
    )
