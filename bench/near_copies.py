"""How well near copies are found, on planted ones, beside SimHash of 64 bits with a distance of 3 (Manku and others 2007).

Run: python -m bench.near_copies. Every invented post of the fixture is copied once in each way that people copy; a link
is right if it names the post that was copied. Forms that differ in place, number and office must stay apart.

recall      copies that are linked to the post they were made of, by the way of copying
false       links to another post, of copies, of originals and of forms
per_s       posts per second of `NearCopies.link` (the peer's speed is not compared: it is plain Python here)
"""

from __future__ import annotations

import gzip
import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import product
from pathlib import Path
from typing import Any

from classify.clean import fold
from classify.dedupe import ALIKE, NearCopies
from classify.simplified import PAIRS
from stream.messages import Post

FIXTURE = Path(__file__).parent.parent / "tests" / "fixtures" / "judge" / "written.jsonl.gz"
DAY = datetime(2026, 11, 1, tzinfo=UTC)
SHORTEST = 40  # characters; a shorter post is hardly a text of its own
LINE = "我家也是这样，打过好几次电话都没有结果。"
TO_TRADITIONAL = {simplified: traditional for traditional, simplified in PAIRS.items()}
Way = Callable[[random.Random, Post], Post]
Link = Callable[[Sequence[Post]], list[str]]


def _swap(draw: random.Random, text: str) -> str:
    chars = list(text)
    for place in draw.sample(range(len(chars)), max(1, len(chars) * 3 // 100)):
        chars[place] = chr(draw.randrange(0x4E00, 0x9000))
    return "".join(chars)


def _insert(text: str) -> str:
    parts = text.split("，")
    middle = len(parts) // 2
    return "，".join([*parts[:middle], LINE.rstrip("。"), *parts[middle:]])


def _text(change: Callable[[random.Random, str], str]) -> Way:
    return lambda draw, post: replace(post, text=change(draw, post.text))


WAYS: dict[str, Way] = {
    "forwarded": _text(lambda draw, text: f"转发：{text}"),
    "named": _text(lambda draw, text: f"@本地热线 @晚报记者小周 {text} 求扩散"),
    "quoted": _text(lambda draw, text: f"帮转//@邻居老王:{text}"),
    "cut by a tenth": _text(lambda draw, text: f"{text[: len(text) * 9 // 10]}…"),
    "cut by a third": _text(lambda draw, text: f"{text[: len(text) * 2 // 3]}…全文"),
    "other title": lambda draw, post: replace(post, title="有没有人管管"),
    "sentence inserted": _text(lambda draw, text: _insert(text)),
    "3 % of characters swapped": _text(_swap),
    "other marks": _text(lambda draw, text: re.sub("[，。]", " ", text)),
    "emoji and blanks": _text(lambda draw, text: "😡".join(re.findall(".{1,9}", text, re.S))),
    "traditional": _text(lambda draw, text: "".join(TO_TRADITIONAL.get(char, char) for char in text)),
}


def originals() -> list[Post]:
    with gzip.open(FIXTURE, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    posts = [Post(row["id"], "bench", "message", row["title"], row["text"], DAY, DAY) for row in rows]
    return [post for post in posts if len(post.text) >= SHORTEST]


def forms() -> Iterator[Post]:
    """Orders of a hotline: one form, other places, numbers and offices."""
    places = (
        "瓯海区榕树路",
        "龙湾区海滨大道",
        "西湖区文三路",
        "临平区迎宾路",
        "越城区胜利路",
        "北仑区泰山路",
        "婺城区人民路",
    )
    troubles = ("路灯{n}盏不亮", "井盖缺失{n}处", "共享单车堆放{n}辆", "行道树枯死{n}棵", "路面塌陷{n}处")
    asked = ("要求路灯所修复", "要求市政处更换", "望城管部门清理", "请园林部门补种", "请道路管养单位处理")
    for n, (place, trouble, ask) in enumerate(product(places, troubles, asked)):
        text = f"来电人反映，{place}{n * 7 + 3}号门前{trouble.format(n=n % 13 + 2)}，影响附近居民出行，{ask}并回复。"
        yield Post(f"form-{n}", "bench", "hotline", "", text, DAY, DAY)


class SimHash:
    """The peer: the earliest post whose 64 bits differ in at most 3; four tables of 16 bits find every such post."""

    def __init__(self) -> None:
        self._tables: list[dict[int, list[tuple[str, int]]]] = [defaultdict(list) for _ in range(4)]

    def link(self, posts: Sequence[Post]) -> list[str]:
        return [self._link(post) for post in posts]

    def _link(self, post: Post) -> str:
        bits = simhash(post.text)
        keys = [bits >> 16 * n & 0xFFFF for n in range(4)]
        for table, key in zip(self._tables, keys, strict=True):
            for name, other in table[key]:
                if (bits ^ other).bit_count() <= 3:
                    return name
        for table, key in zip(self._tables, keys, strict=True):
            table[key].append((post.id, bits))
        return ""


def simhash(text: str) -> int:
    letters = "".join(char for char in fold(text).text if char.isalnum())
    sums = [0] * 64
    for gram, count in Counter(letters[n : n + 3] for n in range(max(1, len(letters) - 2))).items():
        mixed = int.from_bytes(blake2b(gram.encode("utf-8", "replace"), digest_size=8).digest(), "big")
        for bit in range(64):
            sums[bit] += count if mixed >> bit & 1 else -count
    return sum(1 << bit for bit in range(64) if sums[bit] > 0)


def measure(make: Callable[[], Link], posts: Sequence[Post]) -> dict[str, Any]:
    """Each way of copying is tried on an index of its own, so that no copy is found by the help of another."""
    link = make()
    first = dict(zip((post.id for post in posts), link(posts), strict=True))
    apart = sum(map(bool, first.values())), sum(map(bool, link(list(forms()))))
    recall, wrong = {}, 0
    for number, (name, way) in enumerate(WAYS.items()):
        draw, link = random.Random(number), make()
        link(posts)
        answers = link([replace(way(draw, post), id=f"{post.id}/{number}") for post in posts])
        right = [
            bool(answer) and answer in (post.id, first[post.id]) for answer, post in zip(answers, posts, strict=True)
        ]
        recall[name] = round(sum(right) / len(posts), 3)
        wrong += sum(bool(answer) and not fine for answer, fine in zip(answers, right, strict=True))
    mean = round(sum(recall.values()) / len(recall), 3)
    return {"recall": recall, "mean": mean, "false": {"copies": wrong, "originals": apart[0], "forms": apart[1]}}


def main() -> None:
    posts = originals()
    start = time.perf_counter()
    NearCopies(50_000).link(posts)
    told = {
        "posts": len(posts),
        "copies": len(posts) * len(WAYS),
        "per_s": round(len(posts) / (time.perf_counter() - start)),
    }
    sides: dict[str, Callable[[], Link]] = {
        "minhash": lambda: NearCopies(50_000).link,
        "minhash, jaccard alone": lambda: NearCopies(50_000, ALIKE, ALIKE).link,
        "minhash, jaccard 0.6 or within": lambda: NearCopies(50_000, 0.6).link,
        "simhash": lambda: SimHash().link,
    }
    found = {name: measure(make, posts) for name, make in sides.items()}
    for name in WAYS:
        print(f"{name:28}", *(f"{side['recall'][name]:.3f}" for side in found.values()))
    print(json.dumps({**told, **found}, ensure_ascii=False))


if __name__ == "__main__":
    main()
