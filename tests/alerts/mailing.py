"""A small town for the mail tests: everything in it is invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.ledger import Ledger
from alerts.model import Action, Alert, Case, Event, RunningClock
from alerts.notify.notice import Letterhead, Notice, OfficeAddress, Quote
from configs.catalog import Branch, Calendar, Catalog, Office, Route, Rule, Sheet, Source, Topic
from stream.errors import NotifyError
from stream.messages import Judged, Judgement, Place, Post, Reason, Scored

NOW = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)  # 14:30 in Shanghai
LETTERHEAD = Letterhead(sender="minsheng@town.example", public_url="http://desk.example/app")
OFFICE = OfficeAddress("renshe", "人力资源和社会保障局", ("renshe@town.example",), ("deputy@town.example",))


def make_catalog() -> Catalog:
    renshe = Office(
        key="renshe",
        name="人力资源和社会保障局",
        short="人社局",
        emails=("renshe@town.example", "renshe2@town.example"),
        deputies=("deputy@town.example",),
        superior="gov",
        branches=(Branch(region="330782", name="义乌市人社局", emails=("yiwu@town.example",)),),
    )
    zhujian = Office(key="zhujian", name="住房和城乡建设局", short="住建局", emails=("zhujian@town.example",))
    gov = Office(key="gov", name="人民政府办公室", short="政府办", emails=("gov@town.example",))
    wages = Route(key="wages", lead="renshe", basis="保障农民工工资支付条例第七条", source="派单目录·工资")
    return Catalog(
        topics=(Topic(key="wages", name="工资拖欠与劳动权益", short="工资", area="工资拖欠"),),
        offices=(renshe, zhujian, gov),
        routes=Route(key="default", lead="gov", source="默认规则", routes=(wages,)),
        rules=(Rule(key="grave", name="单条即立案", kind="grave"),),
        clocks=(),
        clock_sets=(),
        provinces=(),
        sources=(Source(key="board", name="留言板", kind="board", url="http://board.example/", publishes="message"),),
        calendar=Calendar(),
        sheet=Sheet(columns={}),
    )


def make_clock(key: str = "respond", *, due: float = 48, done: float | None = None, **changes: Any) -> RunningClock:
    """`due` and `done`: hours after NOW."""
    clock = RunningClock(
        key=key,
        name="回应",
        source="国办发〔2016〕61号",
        started_at=NOW,
        due_at=NOW + timedelta(hours=due),
        due_soon_at=NOW + timedelta(hours=due - 8),
        done_at=None if done is None else NOW + timedelta(hours=done),
    )
    return replace(clock, **changes)


def make_event(number: int = 1, **changes: Any) -> Event:
    event = Event(
        id=f"e{number}",
        title="云溪苑工地拖欠三十人工资",
        topic="wages",
        office_hint="renshe",
        region="330782",
        place="金华市义乌市",
        first_seen=NOW - timedelta(days=2),
        last_seen=NOW - timedelta(hours=1),
        posts=12,
        severity=4,
        severity_score=3.6,
        sentiment_neg=11,
        heat=8.5,
        trend=2.0,
        sources={"board": 8, "forum": 4},
        representatives=("p1", "p2"),
        event_grade="较大",
    )
    return replace(event, **changes)


def make_case(number: int = 1, **changes: Any) -> Case:
    case = Case(
        id=f"c{number}",
        number=f"MS-20261125-{number:04d}",
        event_id=f"e{number}",
        title="云溪苑工地拖欠三十人工资",
        topic="wages",
        region="330782",
        place="金华市义乌市",
        office="renshe",
        helps=("zhujian",),
        state="new",
        severity=4,
        opened_at=NOW,
        updated_at=NOW,
        route="default/wages",
        basis="保障农民工工资支付条例第七条",
        why=("事项属于工资拖欠", "地点在义乌市"),
        event_grade="较大",
        clocks=(make_clock(),),
    )
    return replace(case, **changes)


def make_alert(number: int = 1, **changes: Any) -> Alert:
    alert = Alert(
        id=f"new_case:c{number}",
        kind="new_case",
        office="renshe",
        case_id=f"c{number}",
        event_id=f"e{number}",
        title="云溪苑工地拖欠三十人工资",
        reason="24小时内12条信息反映同一问题",
        created_at=NOW,
        severity=4,
        figures={"posts": 12, "rule": "gathering"},
        posts=("p1", "p2"),
    )
    return replace(alert, **changes)


def make_quote(**changes: Any) -> Quote:
    quote = Quote("p1", "老板说再等等，我们等了四个月。", "留言板", NOW - timedelta(hours=3), "http://board.example/1")
    return replace(quote, **changes)


def make_notice(number: int = 1, **changes: Any) -> Notice:
    notice = Notice(
        alert=make_alert(number),
        case=make_case(number),
        event=make_event(number),
        topic="工资拖欠与劳动权益",
        lead="人力资源和社会保障局",
        helps=("住房和城乡建设局",),
        basis_source="派单目录·工资",
        quotes=(make_quote(),),
    )
    return replace(notice, **changes)


def make_judged(post_id: str = "p1", text: str = "工地拖欠工资四个月。", **changes: Any) -> Judged:
    """`changes` of the post; `near_copy_of`, `set_aside` and `reasons` of the judgement."""
    reasons: tuple[Reason, ...] = changes.pop("reasons", ())
    near, aside = changes.pop("near_copy_of", ""), changes.pop("set_aside", "")
    at = NOW - timedelta(hours=3)
    post = replace(
        Post(post_id, "board", "message", "讨薪", text, at, at, f"http://board.example/{post_id}"), **changes
    )
    judgement = Judgement(
        post_id=post_id,
        topics=(Scored("wages", 0.9),),
        office=Scored("renshe", 0.9),
        sentiment=Scored("neg", 0.9),
        intent=Scored("help", 0.9),
        severity=4,
        severity_score=3.6,
        place=Place(code="330782"),
        model="test",
        reasons=reasons,
        near_copy_of=near,
        set_aside=aside,
    )
    return Judged(post, judgement)


def make_action(case: Case) -> Action:
    return Action(f"{case.id}:open", case.id, NOW, "system", "open", after="new")


@dataclass
class Mailbox:
    """A notifier that remembers what it was given; `errors` are raised first, one per call."""

    errors: list[NotifyError | None] = field(default_factory=list)
    refused: Mapping[str, str] = field(default_factory=dict)
    mails: list[tuple[OfficeAddress, list[str], str]] = field(default_factory=list)

    def send(
        self, office: OfficeAddress, notices: Sequence[Notice], now: datetime, mail_id: str = ""
    ) -> Mapping[str, str]:
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error
        self.mails.append((office, [notice.alert.id for notice in notices], mail_id))
        return self.refused


def fill(ledger: Ledger, alerts: Sequence[Alert], cases: Sequence[Case] = ()) -> None:
    with ledger.begin() as tx:
        tx.events.save([make_event(int(case.event_id[1:])) for case in cases], {})
        for case in cases:
            tx.cases.open(case, make_action(case))
        tx.alerts.add(alerts)
