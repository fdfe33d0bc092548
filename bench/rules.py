"""What the alert rules find in a year of dated real messages, replayed in event time.

    python -m bench.rules --data DIR [--out alerts.jsonl] [--labels tests/fixtures/rules/spikes.tsv]
    python -m bench.rules --data DIR --replayed alerts.jsonl       measures what an earlier run wrote with --out

DIR has hotline/留言_2019.xlsx and labels/events_dev.tsv. Messages are judged by the fast model and replayed hour by hour through
the deciding stage and the rules of configs/, as `minsheng rules replay` does; nothing is sent.

A burst is an annotated event of at least 5 messages; it is dense when 3 people wrote of it within 72 hours. It is found when one
alert that counts (of a gathering, growth or spike; not of one grave message) is about it; `had_case`: any alert told of it. Two
naive counts are the peer, both told at the end of the Shanghai day: `naive event`, a day with at least 3 messages of the event,
which is given the annotated events; and `naive topic`, a day on which the topic has at least mean + 3 standard deviations of its
days so far and shows two messages of the event. Lead is the peer's time minus ours.

Precision of spikes is by labels made by reading: were 3 or more of the messages shown about one thing?
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from alerts.model import Alert
from app.rules_replay import per_day, replay, row_of
from app.wire import House, open_house
from configs.catalog import SHANGHAI
from crawlers.importer import read_messages
from stream.messages import Judged, Post

BURST, SHOWN, NAIVE_DAY, DEVIATIONS = 5, 2, 3, 3
BATCH = 256
SPIKES = ("spike", "sentiment", "new_term")
LABELS = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "rules" / "spikes.tsv"


def judge(house: House, posts: Sequence[Post]) -> list[Judged]:
    judging = house.judge(mode="fast")
    return [one for start in range(0, len(posts), BATCH) for one in judging(posts[start : start + BATCH])]


def read_bursts(path: Path, known: Collection[str]) -> dict[str, list[str]]:
    """Event -> its messages among those that are known."""
    with path.open(encoding="utf-8") as file:
        found: dict[str, list[str]] = defaultdict(list)
        for row in csv.DictReader(file, delimiter="\t"):
            if row["id"] in known:
                found[row["event"]].append(row["id"])
    return {event: ids for event, ids in found.items() if len(ids) >= BURST}


def naive_event(ids: Sequence[str], at: Mapping[str, datetime]) -> datetime | None:
    days = Counter(_day(at[one]) for one in ids)
    full = [day for day, n in days.items() if n >= NAIVE_DAY]
    return _end(min(full)) if full else None


def naive_topics(judged: Sequence[Judged]) -> list[tuple[datetime, frozenset[str]]]:
    """The days that stand out for their topic, by the mean and deviation of all its days before (from the 28th day on)."""
    first, last = _day(judged[0].post.published_at), _day(judged[-1].post.published_at)
    of: dict[tuple[str, date], set[str]] = defaultdict(set)
    for one in judged:
        of[one.judgement.topic, _day(one.post.published_at)].add(one.post.id)
    found = []
    for topic in {topic for topic, _ in of}:
        counts: list[int] = []
        for n in range((last - first).days + 1):
            ids = of.get((topic, first + timedelta(days=n)), set())
            enough = len(counts) >= 28 and len(ids) >= NAIVE_DAY
            if enough and len(ids) >= statistics.mean(counts) + DEVIATIONS * statistics.pstdev(counts):
                found.append((_end(first + timedelta(days=n)), frozenset(ids)))
            counts.append(len(ids))
    return sorted(found, key=lambda item: item[0])


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def counts_posts(alert: Alert) -> bool:
    return alert.kind in ("growth", "spike", "new_term") or (alert.kind == "new_case" and "posts" in alert.figures)


def first_alert(ids: Sequence[str], alerts: Sequence[Alert]) -> Alert | None:
    """A spike must show two of the messages; what counts one event may show one where the others accuse its office."""
    its = set(ids)
    return next(
        (one for one in alerts if len(its.intersection(one.posts)) >= (SHOWN if one.kind in SPIKES else 1)), None
    )


def read_alerts(path: Path) -> list[Alert]:
    """What `--out` wrote, as far as it is measured."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [_alert(row) for row in rows]


def _alert(row: Mapping[str, Any]) -> Alert:
    given = {name: row[name] for name in ("id", "kind", "office", "event_id", "title", "reason", "severity", "figures")}
    return Alert(
        **given,
        case_id=row["case_id"],
        state=row["state"],
        created_at=datetime.fromisoformat(row["at"]),
        posts=tuple(row["posts"]),
    )


def peak(ids: Sequence[str], at: Mapping[str, datetime], author: Mapping[str, str], hours: int = 72) -> int:
    """Most authors who wrote of the event within so many hours."""
    spans = [(at[one], at[one] + timedelta(hours=hours)) for one in ids]
    return max(len({author[one] for one in ids if start <= at[one] <= end}) for start, end in spans)


def measure(judged: Sequence[Judged], found: Sequence[Alert], bursts: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    at = {one.post.id: one.post.published_at for one in judged}
    author = {one.post.id: one.post.author for one in judged}
    counting, topics = [one for one in found if counts_posts(one)], naive_topics(judged)
    table = []
    for event, ids in sorted(bursts.items()):
        ours, naive = first_alert(ids, counting), naive_event(ids, at)
        by_topic = next((end for end, shown in topics if len(shown & set(ids)) >= SHOWN), None)
        table.append((event, len(ids), peak(ids, at, author), ours, naive, by_topic))
    told_first = [(ids, first_alert(ids, found)) for ids in bursts.values()]
    dense = [row for row in table if row[2] >= NAIVE_DAY]
    leads = sorted(_hours(row[4], row[3].created_at) for row in table if row[3] and row[4])
    topic_leads = sorted(_hours(row[5], row[3].created_at) for row in table if row[3] and row[5])
    return {
        "bursts": len(table),
        "found": sum(row[3] is not None for row in table),
        "had_case": sum(one is not None for _, one in told_first),
        "case_lead_hours_event": sorted(
            _hours(naive, one.created_at) for ids, one in told_first if one and (naive := naive_event(ids, at))
        ),
        "dense_bursts": len(dense),
        "dense_found": sum(row[3] is not None for row in dense),
        "naive_event_found": sum(row[4] is not None for row in table),
        "naive_topic_found": sum(row[5] is not None for row in table),
        "naive_topic_alerts": len(topics),
        "lead_hours_event": leads,
        "lead_hours_topic": topic_leads,
        "missed": [row[0] for row in table if row[3] is None],
        "missed_dense": [row[0] for row in dense if row[3] is None],
    }


def _hours(peer: datetime, ours: datetime) -> float:
    return round((peer - ours).total_seconds() / 3600, 1)


def precision(found: Sequence[Alert], labels: Path) -> dict[str, Any]:
    """Of the alerts of windows whose id is labelled."""
    if not labels.is_file():
        return {}
    with labels.open(encoding="utf-8") as file:
        said = {row["alert"]: row["verdict"] for row in csv.DictReader(file, delimiter="\t")}
    kinds: dict[str, list[str]] = defaultdict(list)
    for one in found:
        if one.kind in SPIKES and one.id in said:
            kinds[one.kind].append(said[one.id])
    unlabelled = sum(one.kind in SPIKES and one.id not in said for one in found)
    return {
        kind: {"labelled": len(its), "right": its.count("right"), "precision": round(its.count("right") / len(its), 3)}
        for kind, its in sorted(kinds.items())
    } | {"unlabelled": unlabelled}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--replayed", type=Path)
    parser.add_argument("--labels", type=Path, default=LABELS)
    options = parser.parse_args()
    house = open_house(os.environ)
    posts = read_messages(options.data / "hotline" / "留言_2019.xlsx", house.catalog.sheet, "c3", house.now())
    judged = judge(house, sorted(posts, key=lambda one: (one.published_at, one.id)))
    judged = [one for one in judged if one.post.published_at.year >= 2019]  # four are years older
    window = timedelta(days=house.settings.decide.window_days)
    found = read_alerts(options.replayed) if options.replayed else replay(house.catalog, judged, window)
    if options.out:
        options.out.write_text("".join(json.dumps(row_of(one), ensure_ascii=False) + "\n" for one in found))
    offices = per_day(found)
    result = {
        "messages": len(judged),
        "alerts": dict(Counter(one.kind for one in found if one.state != "muted")),
        "duplicates": len(found) - len({(one.office, one.kind, one.case_id, one.posts, one.reason) for one in found}),
        "offices": len(offices),
        "per_office_day_most": max(most for _, most, _ in offices.values()),
        "per_office_day_mean_highest": round(max(mean for _, _, mean in offices.values()), 2),
        **measure(
            judged, found, read_bursts(options.data / "labels" / "events_dev.tsv", {one.post.id for one in judged})
        ),
        "precision": precision(found, options.labels),
    }
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
