"""Raw posts to archived, routed and decided, embedded: each stage a process of its own, as in `minsheng run`.

Run: python -m bench.pipeline [posts]. Three rounds of 10,000 posts give `posts_per_s`, beside the named peer: the same
posts through the same code in one process without log, archive file or ledger (judging and grouping alone, in memory),
so `ratio_bare` is what the walls cost. One round of 100,000 posts at the same number of posts per day gives
`rss_ratio_100k_10k`: the peak memory of each stage's process after all of them over that after the first 10,000.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.chaos.load import ordinary_posts
from app.wire import House, open_house
from stream.log import Out
from stream.messages import RAW, Post, encode_post

ROUNDS = 3
SMALL, LARGE = 10_000, 100_000
PER_DAY = 150  # so that the window of 45 days is full before 10,000 posts, however many there are in all
START = datetime(2026, 1, 1, tzinfo=UTC)
STAGES = ("judge", "archive", "decide")
GLANCE = 0.05
WARM = 500  # posts decided before the clock starts: processes that have just started import and restore


def posts(n: int, seed: int) -> Iterator[Post]:
    """Invented posts of about 200 characters, PER_DAY of them a day."""
    return ordinary_posts(n, seed, START, PER_DAY)


def publish(house: House, n: int, seed: int) -> None:
    batch: list[Out] = []
    for post in posts(n, seed):
        batch.append(Out(post.id, encode_post(post)))
        if len(batch) == 1000:
            house.log.publish(RAW, batch)
            batch = []
    house.log.publish(RAW, batch)


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MINSHENG_")}
    root = str(Path(__file__).resolve().parent.parent)
    return {**kept, "MINSHENG_DATA": str(folder), "PYTHONPATH": root, "PYTHONUTF8": "1"}


def peak(pid: int) -> int:
    """Peak resident memory of a process in KiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def run_stages(house: House, folder: Path, n: int, marks: Sequence[int]) -> tuple[float, dict[int, dict[str, int]]]:
    """Posts per second from when WARM posts are decided to the last, and each process's peak memory at every mark."""
    env = environment(folder)
    command = [sys.executable, "-m", "app.cli", "worker"]
    running = {name: subprocess.Popen([*command, name], env=env, stderr=subprocess.DEVNULL) for name in STAGES}
    peaks: dict[int, dict[str, int]] = {}
    began, before = 0.0, 0
    try:
        while True:
            done = n - max(behind(house, "archive"), behind(house, "decide"))
            if not before and done >= WARM:
                began, before = time.perf_counter(), done
            for mark in marks:
                if done >= mark and mark not in peaks:
                    peaks[mark] = {name: peak(process.pid) for name, process in running.items()}
            if done >= n:
                return (n - before) / (time.perf_counter() - began), peaks
            if dead := [name for name, process in running.items() if process.poll() is not None]:
                raise SystemExit(f"{dead} ended early")
            time.sleep(GLANCE)
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait()


def behind(house: House, group: str) -> int:
    """Posts that the group has not handled, those that are not judged yet included."""
    return house.log.lag(RAW, "judge") + house.log.lag("posts.judged", group)


def walled(n: int, seed: int, marks: Sequence[int] = ()) -> tuple[float, dict[int, dict[str, int]]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        house = open_house(environment(folder))
        _ = house.archive, house.ledger
        publish(house, n, seed)
        return run_stages(house, folder, n, marks)


def bare(n: int, seed: int) -> float:
    """Posts per second judged and grouped in one process, in memory."""
    with tempfile.TemporaryDirectory() as name:
        grouping = open_house(environment(Path(name))).grouping()
    everything, started = list(posts(n, seed)), time.perf_counter()
    for start in range(0, n, 256):
        list(grouping(everything[start : start + 256]))
    return n / (time.perf_counter() - started)


def main(n: int = SMALL, large: int = LARGE) -> None:
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    ours, peer = [], []
    for turn in range(ROUNDS):
        ours.append(walled(n, turn)[0])
        peer.append(bare(n, turn))
        print(f"round {turn + 1}: {ours[-1]:.0f} posts/s through every stage, {peer[-1]:.0f} judged and grouped alone")
    rate, peaks = walled(large, 99, (n, large))
    growth = {name: round(peaks[large][name] / peaks[n][name], 3) for name in STAGES}
    print(f"{large} posts at {rate:.0f} posts/s; peak MiB: { ({k: v // 1024 for k, v in peaks[large].items()}) }")
    result = {
        "posts_per_s": round(statistics.median(ours)),
        "posts_per_s_bare": round(statistics.median(peer)),
        "ratio_bare": round(statistics.median(ours) / statistics.median(peer), 2),
        "posts_per_s_100k": round(rate),
        "rss_ratio_100k_10k": max(growth.values()),
        "rss_ratio_by_stage": growth,
        "rss_mb_100k": round(sum(peaks[large].values()) / 1024),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
