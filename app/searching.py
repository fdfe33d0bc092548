"""`minsheng search`: the archive on the command line. As on the dashboard, each search is noted in the audit."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from configs.catalog import SHANGHAI
from stream.archive import Hit, Query

if TYPE_CHECKING:
    from app.wire import House

SHOWN = 120  # characters of a text on the screen


def print_hits(
    house: House,
    words: tuple[str, ...],
    topic: tuple[str, ...],
    region: str,
    severity: int,
    since: str,
    until: str,
    limit: int,
    as_json: bool,
) -> None:
    from app.cli import day

    unknown = [key for key in topic if key not in house.catalog.topic]
    if unknown:
        raise click.UsageError(f"--topic: 没有领域 {'、'.join(unknown)}，可用: {'、'.join(house.catalog.topic)}")
    query = Query(
        text=" ".join(words),
        topics=topic,
        region=region,
        severity_min=severity,
        since=day(since, "--since") if since else None,
        until=day(until, "--until") + timedelta(days=1) if until else None,
        sort="relevance" if words else "newest",
        limit=limit,
    )
    page = house.archive.search(query)
    note_search(house, query)
    for hit in page.hits:
        click.echo(json.dumps(_row(hit), ensure_ascii=False) if as_json else _line(house, hit))
    if not as_json:
        click.echo(f"共 {page.total} 条，显示 {len(page.hits)} 条。")


def note_search(house: House, query: Query) -> None:
    """Before anything is shown: what cannot be noted is not shown."""
    from app.users import operator

    said = (
        *query.topics,
        query.region,
        f"严重程度≥{query.severity_min}" if query.severity_min > 1 else "",
        f"{query.since.astimezone(SHANGHAI):%Y-%m-%d} 起" if query.since else "",
        f"{query.until.astimezone(SHANGHAI):%Y-%m-%d} 前" if query.until else "",
    )
    with house.ledger.begin() as tx:
        tx.audit.add(house.now(), operator(), "search", query.text or "（无词语）", " ".join(filter(None, said)))


def _row(hit: Hit) -> dict[str, object]:
    post, said = hit.judged.post, hit.judged.judgement
    return {
        "id": post.id,
        "published_at": post.published_at.astimezone(SHANGHAI).isoformat(),
        "source": post.source,
        "title": post.title,
        "text": post.text,
        "url": post.url,
        "topic": said.topic,
        "office": said.office.key,
        "severity": said.severity,
        "place": said.place.label,
    }


def _line(house: House, hit: Hit) -> str:
    post, said = hit.judged.post, hit.judged.judgement
    at = post.published_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    topic = house.catalog.topic.get(said.topic)
    text = " ".join(f"{post.title} {post.text}".split())[:SHOWN]
    return f"{at}  {topic.short if topic else said.topic}  {said.severity}级  {said.place.label or '地点不明'}  {text}"
