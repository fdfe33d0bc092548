"""改正研判, without Streamlit: a post with its history, what may be chosen, and what a correction brings about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from alerts import notices
from alerts.calendar import WorkCalendar
from alerts.cases import act
from alerts.clocks import clocks_of_case
from alerts.corrections import (
    FIELDS,
    INTENTS,
    NOTHING,
    SENTIMENTS,
    Correction,
    Field,
    answers,
    apply_corrections,
    checked,
    is_corrected,
)
from alerts.ledger import Tx
from alerts.model import Case
from alerts.routes import Decision, decide_route
from configs.catalog import Catalog
from dashboard.data import CaseDetail, EventDetail, office_choices
from dashboard.desk import Desk
from dashboard.text import ANSWER, INTENT, SENTIMENT, SEVERITY, region_name, source_name, stamp, value_name
from stream.errors import Conflict, MinshengError, Unavailable
from stream.messages import Judged

MATTER_TO_A_CASE: frozenset[Field] = frozenset({"topic", "office", "severity", "place"})


@dataclass(frozen=True)
class PostDetail:
    """A post, what staff said of it (oldest first), and where it belongs."""

    judged: Judged
    corrections: tuple[Correction, ...]
    event_id: str
    case: Case | None


def post_detail(desk: Desk, post_id: str) -> PostDetail | None:
    judged = desk.archive.get(post_id)
    if judged is None:
        return None
    with desk.ledger.read() as tx:
        said = tx.corrections.of_posts([post_id]).get(post_id, [])
        event_id = tx.events.of_posts([post_id]).get(post_id, "")
        case = tx.cases.by_event(event_id) if event_id else None
    return PostDetail(judged, tuple(said), event_id, case)


def choices(catalog: Catalog, judged: Judged) -> dict[Field, dict[str, str]]:
    """Field -> value -> words: what a person may choose; what stands there now is always among it."""
    topics = {topic.key: topic.short for topic in catalog.topics}
    found: dict[Field, dict[str, str]] = {
        "topic": topics,
        "topic2": {NOTHING: "无", **{key: name for key, name in topics.items() if key != "none"}},
        "office": {"none": "无", **office_choices(catalog)},
        "sentiment": {key: SENTIMENT[key] for key in SENTIMENTS},
        "intent": {key: INTENT[key] for key in INTENTS},
        "severity": {str(level): name for level, name in SEVERITY.items()},
        "place": _places(catalog, judged),
    }
    now = answers(judged.judgement)
    return {field: {now[field]: value_name(catalog, field, now[field]), **found[field]} for field in FIELDS}


def correct(
    desk: Desk, seen: PostDetail, given: Mapping[Field, str], actor: str, note: str, *, agreed: bool = False
) -> list[Correction]:
    """Put a person's answers in place of the model's; returns what was written down.

    `given`: what the form says, field by field; `agreed`: the person looked at all of them, so those that were not changed
    are kept as well. The case of the post gets a line in its history; it is not moved.

    Raises MinshengError when nothing was changed or the reason is missing, Conflict when somebody else was first.
    """
    judged, now = seen.judged, desk.now()
    before = answers(judged.judgement)
    changed = [field for field in given if given[field] != before[field]]
    if not changed and not agreed:
        raise MinshengError("没有改动；核对后认为都对的，请勾选“其余各项都已核对”")
    if changed and not note.strip():
        raise MinshengError("请写明改正的理由")
    checked(desk.catalog, {field: given[field] for field in changed})
    new = [
        Correction(judged.post.id, field, given[field], before[field], actor, now, note.strip())
        for field in FIELDS
        if field in changed or (agreed and field in given)
    ]
    with desk.ledger.begin() as tx:
        tx.corrections.add(new)
        said = tx.corrections.of_posts([judged.post.id])
        if said[judged.post.id] != [*seen.corrections, *new]:
            raise Conflict("这条信息刚被他人改正，请刷新")
        words = changes_words(desk.catalog, new)
        _note_on_case(desk, tx, seen, new, actor, words)
        tx.audit.add(now, actor, "post.correct", judged.post.id, f"{words}；{note.strip()}" if note.strip() else words)
    _archive(desk, judged, said)
    return new


def changes_words(catalog: Catalog, corrections: list[Correction]) -> str:
    """事项 生态环境 → 工资拖欠；严重程度 较重 (无误)."""
    return "；".join(
        f"{ANSWER[one.field]} {_words(catalog, one.field, one.before)} → {_words(catalog, one.field, one.value)}"
        if one.before != one.value
        else f"{ANSWER[one.field]} {_words(catalog, one.field, one.value)} 无误"
        for one in corrections
    )


@dataclass(frozen=True)
class Offer:
    """What the corrected posts of a case suggest: another office (None: the same), and a severity above the case's (0: none)."""

    decision: Decision | None
    severity: int


def offer(desk: Desk, detail: CaseDetail) -> Offer | None:
    """None when nothing of an open case was corrected, or nothing follows from it."""
    event, case = detail.event, detail.case
    if event is None or not case.is_open or not any(is_corrected(one.judgement) for one in event.posts):
        return None
    decision = _as_corrected(desk, event)
    worst = max((one.judgement.severity for one in event.posts if is_corrected(one.judgement)), default=0)
    found = Offer(
        decision if decision.lead.partition("@")[0] != case.office.partition("@")[0] else None,
        worst if worst > case.severity else 0,
    )
    return found if found.decision or found.severity else None


def escalate(desk: Desk, case: Case, severity: int, actor: str) -> Case:
    """Raise the case to what a person said of one of its posts, with the clocks that go with it; its office hears of it."""
    now = desk.now()
    graver = replace(case, severity=severity)
    clocks = clocks_of_case(desk.catalog, WorkCalendar(desk.catalog.calendar), graver, now)
    note = f"按人工改正后的研判，严重程度升为 {severity} 级"
    with desk.ledger.begin() as tx:
        saved = tx.cases.save(*act(case, "escalate", actor, now, note, {"severity": severity}, clocks))
        tx.alerts.add([notices.grave(saved, note, (), now)])
        tx.audit.add(now, actor, "case.escalate", case.number, note)
    return saved


def _as_corrected(desk: Desk, detail: EventDetail) -> Decision:
    """What the dispatch tree says of the event with the topic and the place that most of its posts have by now."""
    topic = Counter(one.judgement.topic for one in detail.posts).most_common(1)[0][0]
    places = Counter(one.judgement.place for one in detail.posts if one.judgement.place.code).most_common(1)
    event = replace(detail.event, topic=topic)
    if places:
        event = replace(event, region=places[0][0].code, place=places[0][0].label)
    about = [one for one in detail.posts if one.judgement.topic == topic]
    worst = max((one.judgement for one in about), key=lambda one: (is_corrected(one), one.severity_score))
    text = "\n".join(f"{one.post.title}\n{one.post.text}" for one in about)
    return decide_route(desk.catalog, event, worst, text, detail.accused)


def _note_on_case(desk: Desk, tx: Tx, seen: PostDetail, new: list[Correction], actor: str, words: str) -> None:
    case = tx.cases.get(seen.case.id) if seen.case else None
    if case is None or not any(one.field in MATTER_TO_A_CASE and one.value != one.before for one in new):
        return
    post = seen.judged.post
    which = f"{stamp(post.published_at)} 来自{source_name(desk.catalog, post.source)}的一条信息"
    why = new[0].note
    tx.cases.save(
        *act(case, "note", actor, new[0].at, f"{which}研判经人工改正: {words}。理由: {why}", {"post": post.id})
    )


def _archive(desk: Desk, judged: Judged, said: Mapping[str, list[Correction]]) -> None:
    try:
        latest = desk.archive.get(judged.post.id) or judged
        desk.archive.upsert(apply_corrections(desk.catalog, [latest], said))
    except Unavailable as error:
        raise MinshengError("改正已经记下；检索库暂时不能用，恢复后一小时内自动生效") from error


def _words(catalog: Catalog, field: Field, value: str) -> str:
    return value_name(catalog, field, value) or "不明"


def _places(catalog: Catalog, judged: Judged) -> dict[str, str]:
    """The divisions of the provinces that the post may be about, or all when none is known."""
    codes = (judged.judgement.place.code, judged.post.region, *judged.judgement.place.candidates)
    provinces = {f"{code[:2]}0000" for code in codes if code}
    names = {
        code: name for code, name in catalog.region_names.items() if not provinces or f"{code[:2]}0000" in provinces
    }
    return {"": region_name(catalog, ""), **names}
