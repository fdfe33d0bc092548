"""Pieces of HTML for what the pages show. Whatever comes from a post, a person or a file is escaped here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape

from alerts.cases import STATE_LABELS
from alerts.clocks import by_due
from alerts.corrections import is_corrected
from alerts.model import Action, Alert, Case, Event, RunningClock
from configs.catalog import Catalog
from dashboard.data import EventRow, SourceHealth, next_clock
from dashboard.text import (
    ALERT_KIND,
    ALERT_STATE,
    INTENT,
    KIND,
    REASON,
    SENTIMENT,
    SET_ASIDE,
    SEVERITY,
    SOURCE_STATE,
    Span,
    ago,
    answer_name,
    countdown,
    excerpt,
    highlighted,
    office_name,
    region_name,
    source_name,
    span,
    stamp,
    topic_name,
    web_link,
)
from stream.messages import Judged, Post, Reason

EXCERPT = 220  # characters of a post before one asks for the rest
PHRASE_KINDS = ("topic", "office", "severity", "place", "set_aside")  # the answers whose phrases are marked in a post

ALERT_COLOUR = {"sent": "done", "failed": "late", "pending": "open", "muted": "mild"}


def chip(label: str, kind: str = "") -> str:
    return f'<span class="chip {kind}">{escape(label)}</span>'


def severity_chip(severity: int) -> str:
    return chip(SEVERITY.get(severity, str(severity)), f"s{severity}")


def line(*pieces: str) -> str:
    """Pieces of HTML beside one another; empty ones are left out."""
    return f'<div class="line">{"".join(piece for piece in pieces if piece)}</div>'


def said(text: str, kind: str = "") -> str:
    return f'<span class="{kind or "said"}">{escape(text)}</span>' if text else ""


def figures(rows: Iterable[tuple[str, int, str]]) -> str:
    """(label, number, kind) as tiles; the kind colours a number that is not 0."""
    tiles = (
        f'<div class="tile {kind if n else ""}"><b>{n:,}</b><span>{escape(label)}</span></div>'
        for label, n, kind in rows
    )
    return f'<div class="tiles">{"".join(tiles)}</div>'


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """(label, HTML) rows; those without a value are left out."""
    shown = (f"<dt>{escape(label)}</dt><dd>{value}</dd>" for label, value in rows if value)
    return f'<dl class="facts">{"".join(shown)}</dl>'


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of HTML cells that scrolls sideways where it does not fit; on a phone each row becomes a block."""
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(f"<tr>{_cells(heads, row)}</tr>" for row in rows)
    return f'<table class="rows"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cells(heads: Sequence[str], row: Sequence[str]) -> str:
    return "".join(f'<td data-head="{escape(name)}">{cell}</td>' for name, cell in zip(heads, row, strict=True))


# ---- clocks and cases ----------------------------------------------------------------------------


def clock_kind(clock: RunningClock, now: datetime) -> str:
    """late, soon, fine, done (in time), missed (done, but late) or paused: the class that colours it."""
    if clock.done_at is not None:
        return "missed" if clock.done_at > clock.due_at else "done"
    if clock.paused_at is not None:
        return "paused"
    if clock.due_at <= now:
        return "late"
    return "soon" if clock.due_soon_at <= now else "fine"


def clock_words(clock: RunningClock, now: datetime) -> str:
    if clock.done_at is None:
        return "暂停计时" if clock.paused_at else countdown(clock.due_at, now)
    return "超时完成" if clock.done_at > clock.due_at else "按时完成"


def clock_row(clock: RunningClock, now: datetime) -> str:
    marks = chip("本地默认", "mild") if clock.local else ""
    marks += chip("暂定", "mild") if clock.provisional else ""
    when = f"截止 {stamp(clock.due_at)}" + (f"，完成 {stamp(clock.done_at)}" if clock.done_at else "")
    if clock.paused_at:
        when = f"派单异议中，自 {stamp(clock.paused_at)} 起停表，结束后截止时间顺延"
    elif clock.paused_seconds:
        when += f"，因派单异议停表 {span(timedelta(seconds=clock.paused_seconds))}，已顺延"
    kind = clock_kind(clock, now)
    return (
        f'<div class="clock {kind}"><div class="name">{escape(clock.name)}{marks}</div>'
        f'<div class="left">{clock_words(clock, now)}</div><div class="when">{when}</div>'
        f'<div class="when">{escape(clock.source)}</div></div>'
    )


def clocks(running: Sequence[RunningClock], now: datetime) -> str:
    return f'<div class="clocks">{"".join(clock_row(clock, now) for clock in by_due(running))}</div>'


def due_chip(case: Case, now: datetime) -> str:
    """The case's next deadline; what has been answered in time says so."""
    clock = next_clock(case)
    if clock is None:
        return said("无计时中的时限" if case.is_open else f"结于 {stamp(case.closed_at)}")
    return chip(f"{clock.name} {countdown(clock.due_at, now)}", clock_kind(clock, now))


def state_chip(case: Case) -> str:
    return chip(STATE_LABELS.get(case.state, case.state), "open" if case.is_open else "shut")


def case_line(catalog: Catalog, case: Case, now: datetime, first: str = "") -> str:
    """What a list says of a case below its title."""
    return line(
        first,
        severity_chip(case.severity),
        state_chip(case),
        due_chip(case, now),
        said(office_name(catalog, case.office), "strong"),
        said(topic_name(catalog, case.topic)),
        said(case.place or region_name(catalog, case.region)),
        chip(f"回潮 {case.relapses} 次", "late") if case.relapses else "",
        said(case.number, "number"),
    )


def history(catalog: Catalog, actions: Sequence[Action], label: Mapping[str, str]) -> str:
    """The newest first: when, who, what, from which state to which, and the note."""
    items = []
    for action in reversed(actions):
        moved = ""
        if action.after and action.after != action.before:
            moved = f"{STATE_LABELS.get(action.before, '')} → {STATE_LABELS.get(action.after, action.after)}"
        who = "系统" if action.actor == "system" else office_name(catalog, action.actor)
        extra = _data_words(catalog, action.data)
        items.append(
            f"<li>{line(said(stamp(action.at), 'number'), said(who, 'strong'), chip(label.get(action.verb, action.verb)), said(moved))}"
            f"{_paragraph(action.note)}{_paragraph(extra)}</li>"
        )
    return f'<ol class="history">{"".join(items)}</ol>'


def _data_words(catalog: Catalog, data: Mapping[str, object]) -> str:
    words = []
    if office := data.get("office"):
        words.append(f"责任单位: {office_name(catalog, str(office))}")
    if key := data.get("clock"):
        words.append(f"时限: {next((one.name for one in catalog.clocks if one.key == key), str(key))}")
    if due := data.get("due_at"):
        name = "申请延至" if data.get("asks") else "新的截止时间"
        words.append(f"{name}: {stamp(datetime.fromisoformat(str(due)))}")
    if what := data.get("what"):
        words.append(f"承诺: {what}，{data.get('by', '')}前兑现")
    if "kept" in data:
        words.append("承诺已兑现" if data["kept"] in (True, "yes") else "承诺未兑现")
    words += [f"{name}: {data[key]}" for key, name in DATA_WORDS.items() if data.get(key)]
    return "；".join(words)


DATA_WORDS = {"number": "并入案件", "channel": "转往", "correction": "更正", "to": "上报给"}  # of an action's data


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>" if text else ""


# ---- events --------------------------------------------------------------------------------------


def trend_words(event: Event) -> str:
    """Twice as many posts as in the three days before, or half as many; of one or two posts nothing can be said."""
    if event.posts < 3 or abs(event.trend) < 1:
        return ""
    return "上升" if event.trend > 0 else "下降"


def event_line(catalog: Catalog, row: EventRow, now: datetime) -> str:
    """What a list says of an event below its title."""
    event = row.event
    rising = trend_words(event)
    return line(
        severity_chip(event.severity),
        chip(topic_name(catalog, event.topic)),
        said(event.place or region_name(catalog, event.region)),
        said(f"{event.posts} 条 / {len(event.sources)} 个来源"),
        said(f"热度 {row.heat:.1f}", "strong"),
        chip(rising, "soon" if rising == "上升" else "mild") if rising else "",
        said(ago(event.last_seen, now)),
        chip(STATE_LABELS.get(row.case.state, row.case.state), "open" if row.case.is_open else "shut")
        if row.case
        else chip("未立案", "mild"),
    )


def sources_of(catalog: Catalog, event: Event) -> str:
    ordered = sorted(event.sources.items(), key=lambda item: -item[1])
    return "、".join(f"{escape(source_name(catalog, key))} {n}" for key, n in ordered)


# ---- posts ---------------------------------------------------------------------------------------


def spans_of(reasons: Iterable[Reason], field: str) -> list[Span]:
    """Where the phrases stand that answers rest on."""
    return [
        (reason.start, reason.end)
        for reason in reasons
        if reason.field == field and reason.end > reason.start and reason.answer.partition(":")[0] in PHRASE_KINDS
    ]


def post_card(
    catalog: Catalog,
    judged: Judged,
    title_spans: Sequence[Span] | None = None,
    text_spans: Sequence[Span] | None = None,
    *,
    near_copy: bool = False,
    more: str = "",
) -> str:
    """A post with its judgement; marked are the given spans, else the phrases that the judgement rests on."""
    post, judgement = judged.post, judged.judgement
    in_title = spans_of(judgement.reasons, "title") if title_spans is None else title_spans
    in_text = spans_of(judgement.reasons, "text") if text_spans is None else text_spans
    head = line(
        severity_chip(judgement.severity),
        chip(topic_name(catalog, judgement.topic)),
        chip(SENTIMENT.get(judgement.sentiment.key, judgement.sentiment.key), judgement.sentiment.key),
        chip(INTENT.get(judgement.intent.key, judgement.intent.key)),
        chip("近似重复", "mild") if near_copy else "",
        chip(f"搁置: {SET_ASIDE.get(judgement.set_aside, judgement.set_aside)}", "mild") if judgement.set_aside else "",
        chip("需人工复核", "soon") if judgement.needs_human else "",
        chip("已由人工改正", "done") if is_corrected(judgement) else "",
        more,
    )
    title = f'<div class="title">{highlighted(post.title, in_title)}</div>' if post.title else ""
    return (
        f'<article class="post">{title}{head}<div class="body">{_body(post, in_text)}</div>{_reply(post)}'
        f"{_foot(catalog, judged)}{_why(catalog, judged)}</article>"
    )


def _body(post: Post, spans: Sequence[Span]) -> str:
    if len(post.text) <= EXCERPT:
        return highlighted(post.text, spans)
    cut, moved = excerpt(post.text, spans, EXCERPT)
    whole = f"<details><summary>全文（{len(post.text)} 字）</summary>{highlighted(post.text, spans)}</details>"
    return f"{highlighted(cut, moved)}{whole}"


def _reply(post: Post) -> str:
    if post.reply is None:
        return ""
    who = f"{post.reply.office or '单位'}答复 {stamp(post.reply.at) if post.reply.at else ''}".strip()
    cut, _ = excerpt(post.reply.text, (), EXCERPT)
    return f'<div class="reply"><b>{escape(who)}</b> {highlighted(cut, ())}</div>'


def _foot(catalog: Catalog, judged: Judged) -> str:
    post, judgement = judged.post, judged.judgement
    url = web_link(post.url)
    place = judgement.place.label or region_name(catalog, judgement.place.code)
    place += "（按来源所在地）" if judgement.place.basis == "source" else ""
    return line(
        said(f"{source_name(catalog, post.source)}·{KIND.get(post.kind, post.kind)}"),
        said(stamp(post.published_at), "number"),
        said(place),
        said(f"建议单位 {office_name(catalog, judgement.office.key)}"),
        f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">原文</a>' if url else "",
    )


def _why(catalog: Catalog, judged: Judged) -> str:
    """The reasons of the judgement, weightiest first, under a line that opens."""
    reasons = sorted(judged.judgement.reasons, key=lambda reason: -reason.weight)[:12]
    if not reasons:
        return ""
    items = "".join(f"<li>{_reason(catalog, reason)}</li>" for reason in reasons)
    scores = f"事项置信度 {judged.judgement.topics[0].score:.0%}，模型 {escape(judged.judgement.model)}"
    return f"<details><summary>研判依据</summary><ul>{items}</ul><p>{scores}</p></details>"


def _reason(catalog: Catalog, reason: Reason) -> str:
    phrase = f"“{escape(reason.phrase)}”" if reason.phrase else ""
    rule = escape(
        f"{reason.rule}（{reason.source}）" if reason.rule and reason.source else reason.rule or reason.source
    )
    return f"{escape(answer_name(catalog, reason.answer))}: {'，'.join(part for part in (phrase, rule) if part)}"


# ---- sources -------------------------------------------------------------------------------------


def source_table(health: Sequence[SourceHealth], now: datetime) -> str:
    colour = {"ok": "done", "failed": "late", "silent": "soon", "never": "soon"}
    rows = (
        (
            escape(one.name),
            chip(SOURCE_STATE[one.state], colour[one.state]),
            ago(one.at, now) if one.at else "—",
            f"{one.items} / {one.new}" if one.at else "—",
            escape(one.reason),
        )
        for one in sorted(health, key=lambda one: one.state == "ok")
    )
    return table(("来源", "状态", "上次采集", "读到/新增", "说明"), rows)


def facet_list(title: str, counts: Mapping[str, int], name: Callable[[str], str], most: int = 8) -> str:
    """The most frequent keys of a field with their counts and a bar each."""
    ordered = sorted(((key, n) for key, n in counts.items() if n), key=lambda item: -item[1])[:most]
    if not ordered:
        return ""
    largest = ordered[0][1]
    rows = "".join(
        f'<li><span>{escape(name(key))}</span><i style="width:{100 * n / largest:.0f}%"></i><b>{n:,}</b></li>'
        for key, n in ordered
    )
    return f'<div class="facet"><h4>{escape(title)}</h4><ul>{rows}</ul></div>'


def alert_lines(catalog: Catalog, alert: Alert, number: str = "", *, with_severity: bool = False) -> str:
    """What a list says of an alert: what became of it, to whom, when, why, and why not."""
    tries = f"已试 {alert.attempts} 次" if alert.attempts and alert.state != "sent" else ""
    first = line(
        chip(ALERT_STATE[alert.state], ALERT_COLOUR[alert.state]),
        chip(ALERT_KIND[alert.kind]),
        severity_chip(alert.severity) if with_severity else "",
        said(office_name(catalog, alert.office), "strong"),
        said(stamp(alert.created_at), "number"),
        said(f"发出 {stamp(alert.sent_at)}" if alert.sent_at else "", "number"),
        said(tries),
        said(f"下次 {stamp(alert.next_try_at)}" if alert.next_try_at else "", "number"),
        said(f"先前暂缓：{REASON.get(alert.quiet, alert.quiet)}" if alert.quiet and alert.sent_at else ""),
        said(number, "number"),
    )
    why_not = f'<div class="line why-not">{escape(alert.why_not)}</div>' if alert.why_not else ""
    return f'{first}<div class="line">{escape(alert.reason)}</div>{why_not}'
