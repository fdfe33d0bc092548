"""How fast judged posts become events, cases and alerts in the ledger, and whether the cost grows with what was stored.

    python -m bench.decide            about half an hour of processor time, however long that takes on the machine
    python -m bench.decide --quick    about a minute on a quiet machine: 5,000 events, 20,000 posts in place of a million

The whole Decider is measured: index, rules, cases, alerts and every write to a ledger in a SQLite file. Times are
processor time of this one process and its one thread. Posts are those of bench.events: three an event on average, told
in other words. `posts_per_s_100k_events`: with so many live events in the window. `cost_ratio_1m_10k`: processor time of
a post after a million posts over that after ten thousand, at so many posts a day that the window is full before. The
named peer is scikit-learn's brute-force search (see bench.events) over the posts of the window, which stores nothing.
"""

from __future__ import annotations

import json
import os
import platform
import resource
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
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Size:
    events: int  # live at once, for the rate
    few: int  # posts after which the first cost is taken
    many: int  # and the second


FULL, QUICK = Size(100_000, 10_000, 1_000_000), Size(5_000, 10_000, 20_000)


class Office:
    """A ledger in a folder, its decider, and the time of the post that was decided of last."""

    def __init__(self, folder: Path) -> None:
        self._ledger = Ledger(f"sqlite:///{folder / 'ledger.sqlite'}")
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


def growth(few: int, many: int) -> dict[str, float]:
    """Cost of a post after `many` posts over that after `few`, and the memory of the process at both."""
    with tempfile.TemporaryDirectory() as name:
        office, done, start = Office(Path(name)), 0, START
        costs, memory = dict[int, float](), dict[int, int]()
        portion, seed = 5000, 1
        while done < many:
            posts = list(steady(portion, seed, start))
            spent = office.decide(posts)
            done, seed, start = done + portion, seed + 1, posts[-1].post.published_at
            for mark in (few, many):
                if done >= mark and mark not in costs:
                    costs[mark], memory[mark] = spent / portion, resident()
            if done % 100_000 == 0:
                print(f"{done} posts: {portion / spent:.0f} posts/s, {resident()} MB", flush=True)
        office.close()
    return {
        "cost_ratio": round(costs[many] / costs[few], 3),
        "rss_mb": memory[many],
        "rss_ratio": round(memory[many] / memory[few], 3),
    }


def resident() -> int:
    """Memory of this process now, MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE // 2**20


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    size = QUICK if quick else FULL
    collect_seldom()  # as every part does that runs alone
    grown = growth(size.few, size.many)
    fast = rate(size.events)
    names = ("5k", "20k") if quick else ("100k", "1m")
    result = {
        "machine": f"{platform.machine()} {platform.system()} Python {platform.python_version()}",
        f"posts_per_s_{names[0]}_events": fast["posts_per_s"],
        "events_live": fast["events_live"],
        "ratio_sklearn": fast["ratio_sklearn"],
        f"cost_ratio_{names[1]}_10k": grown["cost_ratio"],
        f"rss_mb_{names[1]}": grown["rss_mb"],
        f"rss_ratio_{names[1]}_10k": grown["rss_ratio"],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
