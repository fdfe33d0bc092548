"""How fast the embedded archive takes posts, beside SQLite's own trigram index of the same posts.

Run: python -m bench.archive [posts]. Each side writes the same invented posts of 280 characters, in transactions of 256
with synchronous FULL, three times in turn; the medians count. The peer is what one would write first: one table with
the JSON, and an FTS5 table of title and text with the trigram tokenizer (which finds no word of two characters).
"""

from __future__ import annotations

import json
import platform
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from stream.archive import Query
from stream.archive_sqlite import SqliteArchive
from stream.messages import Judged, Judgement, Place, Post, Reason, Scored, encode_judged, post_id

BATCH = 256
ROUNDS = 3
CHARACTERS = 280
START = datetime(2026, 10, 1, tzinfo=UTC)
SEARCHES = {
    "two_characters": "工资",
    "phrase": "农民工工资",
    "one_character": "水",
    "two_words": "工地 工资",
    "all": "",
}
# To draw from, so that neighbouring characters repeat about as often as they do in writing.
PHRASES = """
我们小区 工地上 拖欠 农民工 工资 已经 三个月 一直 没有 答复 物业 公司 业主 停水 停电 噪声 扰民 半夜 施工 领导
您好 请问 什么时候 能够 解决 希望 有关部门 尽快 处理 学校 食堂 孩子 吃坏 肚子 医院 挂号 医保 报销 社保 缴纳 河道
污染 发黑 发臭 垃圾 无人 清理 路灯 不亮 公交 线路 取消 老人 出行 不便 电梯 故障 多次 维修 开发商 延期 交房 预售
资金 去向 不明 违章 搭建 占用 消防 通道 燃气 泄漏 安全 隐患 举报 无果 社区 街道 推诿 感谢 12345 热线 回复 满意
经营 许可 办理 窗口 排队 网上 申报 系统 打不开 3号线 5G 信号 的 了 是 在 不 也 都 又 和 与 就 还 把 被 让 对 从
到 ， ， ， ， 。 。 ！ ？
"""


class Rate(NamedTuple):
    """Posts per second of the clock and of processor time (the clock's, if the machine were idle); bytes per post."""

    wall: float
    cpu: float
    size: float


def invent(n: int, draw: random.Random) -> Judged:
    """One post of exactly CHARACTERS characters with a judgement of usual size; every tenth word is of rare signs."""
    known = draw.choices(PHRASES.split(), k=CHARACTERS)
    words = (word if draw.random() < 0.9 else 2 * chr(draw.randrange(0x4E00, 0x9000)) for word in known)
    text = "".join(words)[:CHARACTERS]
    at = START + timedelta(seconds=97 * n)
    post = Post(post_id("bench", str(n)), "board", "message", text[:18], text, at, at, url=f"https://town.example/{n}")
    reasons = tuple(Reason("topic:wages", text[k : k + 3], "text", k, k + 3, draw.random()) for k in range(0, 40, 8))
    judgement = Judgement(
        post_id=post.id,
        topics=(Scored("wages", draw.random()), Scored("housing", draw.random())),
        office=Scored("renshe", draw.random()),
        sentiment=Scored("neg", draw.random()),
        intent=Scored("complain", draw.random()),
        severity=1 + n % 4,
        severity_score=draw.random() * 4,
        place=Place("330106", "浙江省", "杭州市", "西湖区", basis="text"),
        model="fast-1",
        reasons=reasons,
    )
    return Judged(post, judgement)


def batches(posts: Sequence[Judged]) -> Iterator[Sequence[Judged]]:
    for start in range(0, len(posts), BATCH):
        yield posts[start : start + BATCH]


def write_ours(path: Path, posts: Sequence[Judged]) -> None:
    with closing(SqliteArchive(path)) as archive:
        for batch in batches(posts):
            archive.upsert(batch)


def write_plain(path: Path, posts: Sequence[Judged]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA cache_size = -65536")
        db.execute("CREATE TABLE post (n INTEGER PRIMARY KEY, id TEXT UNIQUE, at TEXT, judged BLOB)")
        db.execute("CREATE INDEX post_by_time ON post (at, id)")
        db.execute("CREATE VIRTUAL TABLE words USING fts5 (title, text, content='', tokenize='trigram')")
        rows = enumerate(posts, start=1)
        for batch in batches(posts):
            db.execute("BEGIN")
            for (n, one), _ in zip(rows, batch, strict=False):
                post = one.post
                row = n, post.id, post.published_at.isoformat(), encode_judged(one)
                db.execute("INSERT INTO post VALUES (?, ?, ?, ?)", row)
                db.execute("INSERT INTO words (rowid, title, text) VALUES (?, ?, ?)", (n, post.title, post.text))
            db.execute("COMMIT")


def rate(write: Callable[[Path, Sequence[Judged]], None], posts: Sequence[Judged]) -> Rate:
    """Of writing the posts into a new file."""
    with tempfile.TemporaryDirectory() as folder:
        path, n = Path(folder) / "archive.db", len(posts)
        wall, cpu = time.perf_counter(), time.process_time()
        write(path, posts)
        return Rate(n / (time.perf_counter() - wall), n / (time.process_time() - cpu), path.stat().st_size / n)


def middle(rates: Sequence[Rate]) -> Rate:
    return Rate(*(statistics.median(values) for values in zip(*rates, strict=True)))


def search_ms(posts: Sequence[Judged]) -> dict[str, float]:
    """Milliseconds of one search in an archive of these posts: the page of 50 newest, the total and all facets."""
    with tempfile.TemporaryDirectory() as folder, closing(SqliteArchive(Path(folder) / "archive.db")) as archive:
        for batch in batches(posts):
            archive.upsert(batch)
        found = {}
        for name, text in SEARCHES.items():
            start = time.perf_counter()
            archive.search(Query(text=text, facets=True))
            found[name] = round((time.perf_counter() - start) * 1000, 1)
        return found


def main(count: int) -> None:
    draw = random.Random(7)
    posts = [invent(n, draw) for n in range(count)]
    print(f"{platform.machine()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {count} posts")
    ours, plain = [], []
    for n in range(1, ROUNDS + 1):
        ours.append(rate(write_ours, posts))
        plain.append(rate(write_plain, posts))
        print(f"round {n}: archive {ours[-1].wall:.0f} posts/s, plain trigram {plain[-1].wall:.0f} posts/s")
    mine, peer = middle(ours), middle(plain)
    result = {
        "posts_per_s": round(mine.wall),
        "posts_per_cpu_s": round(mine.cpu),
        "plain_posts_per_s": round(peer.wall),
        "plain_posts_per_cpu_s": round(peer.cpu),
        "ratio": round(mine.wall / peer.wall, 2),
        "bytes_per_post": round(mine.size),
        "plain_bytes_per_post": round(peer.size),
        "search_ms": search_ms(posts),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
