"""How fast judged posts become events, cases and alerts in the ledger, and whether the cost grows with what was stored.

    python -m bench.decide            about six minutes of processor time on a quiet machine
    python -m bench.decide --quick    about a minute: 5,000 events, and a tenth of the posts

The whole Decider is measured: index, rules, cases, alerts and every write to a ledger in a SQLite file. Times are
processor time of this one process and its one thread. Posts are those of bench.events: three an event on average, told
in other words. `posts_per_s_100k_events`: with so many live events in the window. `cost_ratio_1m_10k`: processor time of
a post with a million posts in the ledger over that with ten thousand, the same posts given to both in turn, at so many a
day that the window is full before. Of the million 100,000 were decided, which shows what memory does
(`rss_ratio_100k_10k`); the rest are copies of their rows, events, cases and alerts too, under other keys and years older:
to decide them all takes a quarter of an hour and leaves the same tables. The named peer is scikit-learn's brute-force
search (see bench.events) over the posts of the window, which stores nothing.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.decide import Decider
from alerts.events import EventIndex
from alerts.ledger import Ledger
from app.process import collect_seldom
from bench.events import TIMED, make_posts, peer_seconds
from configs.loader import SHIPPED, load_catalog
from stream.log import Record
from stream.messages import JUDGED, Judged, encode_judged

WINDOW = timedelta(days=45)
BATCH = 256
PER_DAY = 150  # so that the window is full before 10,000 posts
START = datetime(2020, 1, 1, tzinfo=UTC)
ROUNDS = 3
PORTION = 5000
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Size:
    events: int  # live at once, for the rate
    few: int  # posts after which the first cost is taken
    many: int  # posts that are decided before the second
    copies: int  # of the rows of those, older, that the ledger holds then


FULL, QUICK = Size(100_000, 10_000, 100_000, 9), Size(5_000, 10_000, 20_000, 4)
KEYS = {  # of each table, in the order in which rows can be written: what a copy has for its own
    "events": ("id",),
    "event_posts": ("post_id", "event_id"),
    "recent_posts": ("post_id", "event_id"),
    "cases": ("id", "number", "event_id"),
    "actions": ("id", "case_id"),
    "alerts": ("id", "case_id", "event_id"),
}
YEARS = 4  # a copy is so much older than the one before; more than the posts that are decided span


class Office:
    """A ledger in a folder, its decider, and the time of the post that was decided of last."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "ledger.sqlite"
        self._ledger = Ledger(f"sqlite:///{self.file}")
        self._ledger.migrate()
        self.now = START
        self.counts: dict[tuple[str, str], int] = {}
        catalog = load_catalog([SHIPPED])
        self._decider = Decider(self._ledger, catalog, self._index, WINDOW, clock=lambda: self.now, count=self._count)
        self.index = EventIndex(WINDOW)
        self._offset = 0

    def _index(self) -> EventIndex:
        self.index = EventIndex(WINDOW)
        return self.index

    def _count(self, what: str, reason: str, n: int) -> None:
        self.counts[what, reason] = self.counts.get((what, reason), 0) + n

    def decide(self, posts: Sequence[Judged]) -> float:
        """Processor seconds that deciding takes; the records are made beforehand."""
        spent = 0.0
        for start in range(0, len(posts), BATCH):
            batch = posts[start : start + BATCH]
            self.now = max(self.now, max(one.post.published_at for one in batch))
            records = [
                Record(JUDGED, 0, self._offset + n, one.partition_key, encode_judged(one), self.now)
                for n, one in enumerate(batch)
            ]
            self._offset += len(batch)
            began = time.process_time()
            self._decider.handle(records)
            spent += time.process_time() - began
        return spent

    def close(self) -> None:
        self._ledger.close()


def steady(count: int, seed: int, start: datetime) -> Iterator[Judged]:
    """Posts of bench.events, PER_DAY of them a day, in the order of their times."""
    for number, one in enumerate(make_posts(count, seed)):
        yield at(one, start + timedelta(days=number / PER_DAY))


def at(one: Judged, when: datetime) -> Judged:
    return Judged(replace(one.post, published_at=when, fetched_at=when), one.judgement)


def rate(events: int) -> dict[str, float]:
    """With at least `events` live ones: posts per processor second, and the peer's."""
    with tempfile.TemporaryDirectory() as name:
        office, seed = Office(Path(name)), 1
        while len(office.index) < events:
            office.decide(make_posts(min(2 * (events - len(office.index)) + 500, 20_000), seed))
            seed += 1
        kept = make_posts(min(2 * events, 20_000), 77)
        ours, peers = [], []
        for turn in range(ROUNDS):
            posts = make_posts(TIMED, 1000 + turn)
            ours.append(TIMED / office.decide(posts))
            peers.append(TIMED / peer_seconds(kept, posts))
            print(f"round {turn + 1}: {ours[-1]:.0f} posts/s decided, peer {peers[-1]:.0f}", flush=True)
        live = len(office.index)
        office.close()
    mine, theirs = statistics.median(ours), statistics.median(peers)
    return {"events_live": live, "posts_per_s": round(mine, 1), "ratio_sklearn": round(mine / theirs, 2)}


def growth(few: int, many: int, copies: int) -> dict[str, float]:
    """Cost of a post with `many` posts and so many copies of them stored over that with `few`; memory after both."""
    with tempfile.TemporaryDirectory() as large, tempfile.TemporaryDirectory() as small:
        first, last = Office(Path(small)), Office(Path(large))
        start = work(last, few, START, 1)
        before = resident()
        start = work(last, many - few, start, 2)
        after = resident()
        age(last.file, copies)
        work(first, few, start - timedelta(days=few / PER_DAY), 1)
        ratios = []
        for turn in range(ROUNDS):
            posts = list(steady(TIMED, 1000 + turn, start))
            start = posts[-1].post.published_at
            spent = last.decide(posts), first.decide(posts)
            ratios.append(spent[0] / spent[1])
            print(
                f"turn {turn + 1}: {TIMED / spent[1]:.0f} posts/s with few, {TIMED / spent[0]:.0f} with many",
                flush=True,
            )
        first.close()
        last.close()
    return {
        "cost_ratio": round(statistics.median(ratios), 3),
        "rss_mb": after,
        "rss_ratio": round(after / before, 3),
    }


def work(office: Office, count: int, start: datetime, seed: int) -> datetime:
    """Decide so many posts from an instant on; returns the time of the last."""
    for done in range(0, count, PORTION):
        posts = list(steady(PORTION, 10_000 * seed + done // PORTION, start))
        spent, start = office.decide(posts), posts[-1].post.published_at
        print(f"{done + PORTION} posts: {PORTION / spent:.0f} posts/s, {resident()} MB", flush=True)
    return start


def age(file: Path, copies: int) -> None:
    """Give a ledger a past: its rows again, so many times, each time older, as if it had been at work all along."""
    db = sqlite3.connect(file)
    for table, keys in KEYS.items():
        columns = [(name, kind) for _, name, kind, *_ in db.execute(f"PRAGMA table_info({table})") if name != "seq"]
        names = ", ".join(f'"{name}"' for name, _ in columns)
        values = ", ".join(_older(name, kind, keys) for name, kind in columns)
        db.execute(f"CREATE TEMP TABLE now_{table} AS SELECT * FROM {table}")
        for copy in range(1, copies + 1):
            given = {"copy": f"{copy}-", "back": f"-{YEARS * copy} years"}
            db.execute(f"INSERT INTO {table} ({names}) SELECT {values} FROM now_{table}", given)
    db.commit()
    posts = db.execute("SELECT count(*) FROM event_posts").fetchone()[0]
    print(f"{posts} posts in a ledger of {file.stat().st_size >> 20} MB", flush=True)
    db.close()


def _older(name: str, kind: str, keys: Sequence[str]) -> str:
    if name in keys:
        return f""":copy || "{name}\""""
    if kind == "DATETIME":
        return f"""datetime("{name}", :back) || substr("{name}", 20)"""
    return f'"{name}"'


def resident() -> int:
    """Memory of this process now, MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE // 2**20


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    size = QUICK if quick else FULL
    collect_seldom()  # as every part does that runs alone
    grown = growth(size.few, size.many, size.copies)
    fast = rate(size.events)
    names = ("5k", "20k", "100k") if quick else ("100k", "100k", "1m")
    result = {
        "machine": f"{platform.machine()} {platform.system()} Python {platform.python_version()}",
        f"posts_per_s_{names[0]}_events": fast["posts_per_s"],
        "events_live": fast["events_live"],
        "ratio_sklearn": fast["ratio_sklearn"],
        f"cost_ratio_{names[2]}_10k": grown["cost_ratio"],
        f"rss_mb_{names[1]}": grown["rss_mb"],
        f"rss_ratio_{names[1]}_10k": grown["rss_ratio"],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
