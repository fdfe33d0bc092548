"""The same flow on the servers and on files: what it costs our processes, how it shares out, how soon a mail is accepted.

Run: python -m bench.distributed. Starts Kafka, Elasticsearch and PostgreSQL from packages, then takes turns, ROUNDS times:

* CPU seconds of our worker processes per post from raw to archived and decided, on the servers and embedded (the named
  peer): `cpu_ratio_embedded`; the servers' own CPU stands beside it.
* CPU per post of the judge stage with two workers over that with one, on Kafka: `cpu_per_post_2_over_1`.
* seconds from publishing a post to the mail server accepting the mail about it, at RATE posts/s, once per profile.
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
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from alerts.ledger import AlertFilter
from alerts.notify.compose import fingerprint
from app.chaos.load import ordinary_posts, planted_posts
from app.chaos.mailbox import HOST, Mailbox
from app.servers.alive import children
from app.servers.cluster import Cluster, running_cluster
from app.servers.server import Server, free_port
from app.wire import House, open_house
from bench.pipeline import environment
from stream.log import Out
from stream.messages import JUDGED, RAW, Post, encode_post

ROUNDS = 3
WARM, POSTS = 600, 3000
RATE, LATENCY_POSTS = 100, 2000
STAGES = ("judge", "archive", "decide")
TICK = os.sysconf("SC_CLK_TCK")
WITHIN = 300.0


def cpu(pid: int) -> float:
    """CPU seconds of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICK


def server_cpu(server: Server) -> float:
    return sum(cpu(pid) for pid in (server.pid or 0, *children(server.pid or 0)) if pid)


@contextmanager
def working(env: Mapping[str, str], parts: Sequence[Sequence[str]]) -> Iterator[list[subprocess.Popen[bytes]]]:
    command = [sys.executable, "-m", "app.cli"]
    running = [subprocess.Popen([*command, *part], env=env, stderr=subprocess.DEVNULL) for part in parts]
    try:
        yield running
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def fresh(env: Mapping[str, str], stack: ExitStack) -> tuple[dict[str, str], House]:
    """An empty house: a data folder, and on servers topics, indices and a database schema of its own."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    name = uuid.uuid4().hex[:8]
    settings = environment(folder) | dict(env)
    if env:
        url = f"{env['MINSHENG_LEDGER__URL']}?options=-csearch_path%3D{make_schema(env, f'b{name}')}"
        settings |= {"MINSHENG_KAFKA__PREFIX": f"b{name}.", "MINSHENG_ELASTIC__PREFIX": f"b{name}"}
        settings |= {"MINSHENG_LEDGER__URL": url, "MINSHENG_MONITOR__PORT": "0"}
    house = open_house(settings)
    _ = house.log, house.archive, house.ledger
    stack.callback(house.close)
    return settings, house


def make_schema(env: Mapping[str, str], name: str) -> str:
    import psycopg

    with psycopg.connect(env["MINSHENG_LEDGER__URL"], autocommit=True) as db:
        db.execute(f'CREATE SCHEMA "{name}"')
    return name


def publish(house: House, posts: Sequence[Post]) -> None:
    for start in range(0, len(posts), 500):
        house.log.publish(RAW, [Out(post.id, encode_post(post)) for post in posts[start : start + 500]])


def drained(house: House, stages: Sequence[str]) -> None:
    until = time.monotonic() + WITHIN
    while any(house.log.lag(RAW if stage == "judge" else JUDGED, stage) for stage in stages):
        if time.monotonic() > until:
            raise SystemExit("the stages did not keep up")
        time.sleep(0.2)


def cost(env: Mapping[str, str], stages: Sequence[str], seed: int, cluster: Cluster | None) -> tuple[float, float]:
    """CPU milliseconds per post: (our processes, the servers). What starting costs is left out."""
    with ExitStack() as stack:
        settings, house = fresh(env, stack)
        posts = list(ordinary_posts(WARM + POSTS, seed, datetime(2026, 1, 1, tzinfo=UTC), 150))
        publish(house, posts[:WARM])
        with working(settings, [("worker", stage) for stage in stages]) as running:
            drained(house, stages)
            servers = list(cluster.servers.values()) if cluster else []
            before = [cpu(one.pid) for one in running], [server_cpu(one) for one in servers]
            publish(house, posts[WARM:])
            drained(house, stages)
            after = [cpu(one.pid) for one in running], [server_cpu(one) for one in servers]
    ours, theirs = (1000 * (sum(late) - sum(early)) / POSTS for early, late in zip(before, after, strict=True))
    return ours, theirs


def latencies(env: Mapping[str, str]) -> list[float]:
    """Seconds from the publishing of the post that led to an alert to the acceptance of its mail."""
    mailbox = Mailbox(free_port())
    mailbox.start()
    mail = {"MINSHENG_MAIL__HOST": HOST, "MINSHENG_MAIL__PORT": str(mailbox.port), "MINSHENG_MAIL__SECURITY": "none"}
    try:
        with ExitStack() as stack:
            settings, house = fresh(env, stack)
            settings |= mail
            now = datetime.now(UTC)
            told = [post for event in planted_posts(6, 1, now) for post in event]
            posts = [*ordinary_posts(LATENCY_POSTS + WARM - len(told), 1, now, 1e12)]
            publish(house, posts[:WARM])
            with working(settings, [*(("worker", stage) for stage in STAGES), ("deliver",)]):
                drained(house, STAGES)
                time.sleep(5.0)  # the mails of the warm-up
                at = publish_steadily(house, [*posts[WARM:], *told])
                drained(house, STAGES)
                time.sleep(10.0)
            with house.ledger.read() as tx:
                alerts = tx.alerts.find(AlertFilter(states=("sent",), limit=1_000_000))
        led = [
            (mailbox.at.get(fingerprint(one.id), 0.0), [at[post] for post in one.posts if post in at]) for one in alerts
        ]
        return [accepted - max(times) for accepted, times in led if times and accepted > max(times)]
    finally:
        mailbox.stop()


def publish_steadily(house: House, posts: Sequence[Post]) -> dict[str, float]:
    """When each post was published (monotonic seconds)."""
    at: dict[str, float] = {}
    started, done = time.monotonic(), 0
    while done < len(posts):
        due = min(int((time.monotonic() - started) * RATE) + 1, len(posts))
        if due > done:
            now = time.monotonic()
            publish(house, posts[done:due])
            at |= {post.id: now for post in posts[done:due]}
            done = due
        time.sleep(0.02)
    return at


def p95(values: Sequence[float]) -> float:
    return round(sorted(values)[int(0.95 * (len(values) - 1))], 2) if values else float("nan")


def main() -> None:
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    costs: dict[str, list[float]] = {name: [] for name in ("embedded", "distributed", "servers", "one", "two")}
    with running_cluster(os.environ, print) as cluster:
        env = cluster.settings()
        for turn in range(ROUNDS):
            costs["embedded"].append(cost({}, STAGES, turn, None)[0])
            ours, theirs = cost(env, STAGES, turn, cluster)
            costs["distributed"].append(ours)
            costs["servers"].append(theirs)
            costs["one"].append(cost(env, ("judge",), turn, None)[0])
            costs["two"].append(cost(env, ("judge", "judge"), turn, None)[0])
            shown = {name: round(values[-1], 2) for name, values in costs.items()}
            print(f"round {turn + 1}: CPU ms per post {shown}")
        late = {"distributed": latencies(env), "embedded": latencies({})}
    middle = {name: statistics.median(values) for name, values in costs.items()}
    result = {
        "cpu_ratio_embedded": round(middle["distributed"] / middle["embedded"], 2),
        "cpu_ms_per_post_embedded": round(middle["embedded"], 2),
        "cpu_ms_per_post_distributed": round(middle["distributed"], 2),
        "cpu_ms_per_post_servers": round(middle["servers"], 2),
        "cpu_per_post_2_over_1": round(middle["two"] / middle["one"], 2),
        "p95_s_embedded": p95(late["embedded"]),
        "p95_s_distributed": p95(late["distributed"]),
        "mails": {name: len(values) for name, values in late.items()},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
