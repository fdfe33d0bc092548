"""A small filled store for the tests of the pages: invented posts, events, cases and alerts around a given instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import yaml

from alerts.cases import act, open_case
from alerts.ledger import Ledger, SourceRun, Tx
from alerts.model import Alert, Case, Event, EventPost, RunningClock
from alerts.routes import Decision
from app.wire import House, open_house
from configs.catalog import SHANGHAI
from dashboard.desk import Desk
from stream.messages import Judged, Judgement, Place, Post, Reason, Reply, Scored

PASSWORD = "correct-horse-1"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOURCES = ("board", "forum", "silent")
NASTY = '<script>alert("x")</script>厂里<b>欠</b>工资'


def environment(folder: Path) -> dict[str, str]:
    """Settings for a house in the folder, with three enabled sources."""
    configs = folder / "configs"
    configs.mkdir(parents=True, exist_ok=True)
    sources = [
        {
            "key": key,
            "name": name,
            "kind": "forum",
            "url": f"http://127.0.0.1:9/{key}/",
            "publishes": "forum",
            "enabled": True,
        }
        for key, name in zip(SOURCES, ("虚构留言板", "虚构论坛", "虚构快讯"), strict=True)
    ]
    (configs / "sources.yaml").write_text(yaml.safe_dump({"sources": sources}, allow_unicode=True), encoding="utf-8")
    return {
        "MINSHENG_CONFIGS": str(configs),
        "MINSHENG_DATA": str(folder / "data"),
        "MINSHENG_DASHBOARD__DEMO_NOTICE": "true",
        "MINSHENG_DASHBOARD__REFRESH_SECONDS": "2",
    }


def open_empty(folder: Path, now: datetime) -> House:
    """A house with two users and nothing else: duty and admin."""
    house = open_house(environment(folder), now=lambda: now)
    with house.ledger.begin() as tx:
        tx.users.add("duty", "虚构值班员", PASSWORD, "duty", now)
        tx.users.add("admin", "虚构管理员", PASSWORD, "admin", now)
    return house


def open_full(folder: Path, now: datetime) -> House:
    house = open_empty(folder, now)
    fill(house, now)
    return house


def desk_of(house: House) -> Desk:
    return Desk(house.ledger, house.archive, house.catalog, house.settings.dashboard, house.now)


def fill(house: House, now: datetime) -> None:
    """Four events: late wages (case, overdue), river (case, due soon, grave), noise (no case), accused (no case)."""
    stories = {
        "wages": posts("wages", 5, now - 6 * DAY, "wages", "renshe", severity=3, title="云栖工地拖欠工资"),
        "river": posts("river", 3, now - DAY, "ecology", "huanjing", severity=4, title="虹溪河面漂死鱼"),
        "noise": posts("noise", 3, now - 5 * HOUR, "ecology", "chengguan", severity=2, title="夜宵店油烟扰民"),
        "accused": posts("accused", 1, now - 2 * HOUR, "wages", "renshe", severity=2, title="投诉人社局不受理"),
    }
    nasty = posts("nasty", 1, now - 3 * HOUR, "wages", "renshe", severity=1, title="<img src=x> 留言")[0]
    nasty = Judged(replace(nasty.post, text=NASTY, url="javascript:alert(1)"), replace(nasty.judgement, reasons=()))
    stories["nasty"] = [nasty]
    stories["advert"] = [_set_aside(posts("advert", 1, now - HOUR, "none", "none", severity=1, title="低价办证")[0])]
    house.archive.upsert([one for story in stories.values() for one in story])
    with house.ledger.begin() as tx:
        for key, story in stories.items():
            if key != "advert":
                _store(tx, key, story)
        _open(tx, "wages", "renshe", now - 5 * DAY, due=(now - DAY, now + DAY))
        _open(tx, "river", "huanjing", now - 20 * HOUR, due=(now + HOUR,))
        _tell(tx, now)
        _run(tx, now)


def posts(key: str, n: int, since: datetime, topic: str, office: str, *, severity: int, title: str) -> list[Judged]:
    return [_post(f"{key}-{k}", since + k * HOUR, topic, office, severity, title, k) for k in range(n)]


def _post(post_id: str, at: datetime, topic: str, office: str, severity: int, title: str, k: int) -> Judged:
    text = f"{title}，已经第{k + 1}次反映，希望有关部门尽快处理。" + "附近居民都可以作证。" * (k * 8)
    post = Post(
        id=post_id,
        source=SOURCES[k % 2],
        kind="forum",
        title=title,
        text=text,
        published_at=at,
        fetched_at=at + HOUR / 4,
        url=f"http://127.0.0.1:9/{post_id}",
        author="a1b2c3",
        region="330000",
        reply=Reply("已转有关单位核实。", "虚构办公室", at + HOUR) if k == 1 else None,
    )
    phrase = title[-4:]
    start = text.index(phrase)
    judgement = Judgement(
        post_id=post_id,
        topics=(Scored(topic, 0.9),),
        office=Scored(office, 0.8),
        sentiment=Scored("neg", 0.9),
        intent=Scored("complaint", 0.9),
        severity=severity,
        severity_score=float(severity),
        place=Place("330106", "浙江省", "杭州市", "西湖区", basis="text"),
        model="test-1",
        reasons=(
            Reason(f"topic:{topic}", phrase, "text", start, start + len(phrase), 0.9),
            Reason(f"severity:{severity}", "", rule="多次反映", source="标注手册", weight=0.5),
        ),
    )
    return Judged(post, judgement)


def _set_aside(judged: Judged) -> Judged:
    return replace(judged, judgement=replace(judged.judgement, set_aside="advert"))


def _store(tx: Tx, key: str, story: Sequence[Judged]) -> None:
    first, last = story[0].post, story[-1].post
    daily: dict[str, int] = {}
    for one in story:
        day = one.post.published_at.astimezone(SHANGHAI).date().isoformat()
        daily[day] = daily.get(day, 0) + 1
    said = story[0].judgement
    event = Event(
        id=f"ev-{key}",
        title=first.title,
        topic=said.topic,
        office_hint=said.office.key,
        region="330106",
        place="杭州市西湖区",
        first_seen=first.published_at,
        last_seen=last.published_at,
        posts=len(story),
        severity=said.severity,
        severity_score=said.severity_score,
        sentiment_neg=len(story),
        heat=float(len(story)),
        trend=0.0,
        sources={
            source: sum(one.post.source == source for one in story) for source in {one.post.source for one in story}
        },
        daily=daily,
        keywords=("反映",),
        representatives=(first.id,),
    )
    tx.events.save([event], {event.id: b""})
    tx.events.link([_link(event.id, one, key == "accused") for one in story])


def _link(event_id: str, one: Judged, accuses: bool) -> EventPost:
    post = one.post
    copy = post.id.endswith("-2")
    return EventPost(
        post.id,
        event_id,
        post.published_at,
        post.source,
        one.judgement.severity,
        0.9,
        copy,
        "complaint",
        ("renshe",) if accuses else (),
    )


def _open(tx: Tx, key: str, office: str, at: datetime, due: Sequence[datetime]) -> None:
    event = tx.events.get(f"ev-{key}")
    assert event is not None
    decision = Decision(office, ("xiangzhen",), "虚构条例第七条", "虚构目录", ("default",), ("事项归为虚构类别。",))
    clocks = [
        RunningClock(name, f"时限{n}", "虚构规定", at, when, when - 8 * HOUR, local=n > 0, provisional=n > 0)
        for n, (name, when) in enumerate(zip(("respond", "verify"), due, strict=False))
    ]
    case, action = open_case(event, decision, clocks, tx.cases.next_number(at.astimezone(SHANGHAI).date()), at)
    tx.cases.open(case, action)
    if key == "wages":
        tx.cases.save(*act(case, "accept", "duty", at + HOUR))


def _tell(tx: Tx, now: datetime) -> None:
    first = Alert(
        "new_case:case-ev-wages",
        "new_case",
        "renshe",
        "case-ev-wages",
        "ev-wages",
        "云栖工地拖欠工资",
        "三日三条",
        now - 5 * DAY,
        3,
    )
    others: Mapping[str, Mapping[str, object]] = {
        "sent": {"state": "sent", "sent_at": now - 4 * DAY},
        "failed": {
            "id": "a-failed",
            "state": "failed",
            "why_not": "对方服务器拒收",
            "attempts": 9,
            "created_at": now - DAY,
        },
        "muted": {
            "id": "a-muted",
            "kind": "growth",
            "state": "muted",
            "why_not": "已随立案通知告知",
            "created_at": now,
        },
        "pending": {"id": "a-pending", "kind": "overdue", "state": "pending", "created_at": now},
    }
    tx.alerts.add([replace(first, **changes) for changes in others.values()])  # type: ignore[arg-type]


def _run(tx: Tx, now: datetime) -> None:
    tx.meters.source_run(SourceRun("board", now - HOUR / 30, True, 30, 4))
    tx.meters.source_run(SourceRun("forum", now - HOUR / 30, False, 0, 0, "列表页结构变了"))
    tx.meters.source_run(SourceRun("silent", now - 2 * DAY, True, 3, 1))
    tx.meters.add(now, "crawl", "crawl_dropped", "robots", 7)
    tx.meters.add(now, "decide", "set_aside", "advert", 1)
    tx.meters.add(now, "judge", "handled", "ok", 40)


def case_of(ledger: Ledger, key: str) -> Case:
    with ledger.read() as tx:
        case = tx.cases.by_event(f"ev-{key}")
    assert case is not None
    return case
