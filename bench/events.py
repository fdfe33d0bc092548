"""How fast posts are grouped into events, and whether the cost grows with the window.

    python -m bench.events            about six minutes
    python -m bench.events --quick    10,000 posts only

Texts are invented from templates: an estate, school or firm with a made-up name, one of twelve problems told in other
words, three posts per event on average, in mixed order. The named peer is scikit-learn's TfidfVectorizer (character
pairs) with NearestNeighbors by brute force over the same number of posts; it is spared keeping its index up to date.
"""

from __future__ import annotations

import json
import platform
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from alerts.events import EventIndex
from stream.messages import Judged, Judgement, Place, Post, Scored

ROUNDS = 3
TIMED = 2000
BATCH = 256
START = datetime(2026, 11, 1, tzinfo=UTC)

_FIRST = "云锦瑞和景春明翠澜星海岚桂棠栖临江望湖听松揽月朗庭嘉禾紫金丹青鹿鸣雁归竹溪柳岸枫桥荷塘梅坞兰亭菊圃"
_LAST = ("小区", "花园", "雅苑", "名邸", "华府", "公馆", "小学", "中学", "幼儿园", "物业公司", "大酒店", "农贸市场")
_PROBLEMS = (
    ("楼下烧烤店油烟直排", "油烟呛得住户不敢开窗，烟道就接在我家阳台下面"),
    ("工地半夜施工", "打桩机响到凌晨两点，老人孩子根本没法睡觉"),
    ("电梯三天两头停运", "上个月困了四次人，维保单位来看一眼就走"),
    ("拖欠工人工资", "三十多个工友干了半年没拿到钱，包工头电话也打不通"),
    ("食堂饭菜吃坏了肚子", "好几个孩子上吐下泻，医院诊断是急性肠胃炎"),
    ("停车费突然翻倍", "没有公示也没有征求业主意见，不交钱就不抬杆"),
    ("垃圾堆了半个月没人清", "苍蝇到处飞，天一热味道飘进屋里"),
    ("交房一拖再拖", "合同写明去年底交付，现在工地一个人也没有"),
    ("自来水发黄有异味", "放了十分钟还是黄的，烧开以后壶底一层沙"),
    ("地下车库漏水", "一下雨就积水，好几辆车被泡了"),
    ("违规补课收费", "周末强制上课，一个学期收两千多块还不开发票"),
    ("消防通道被堵死", "杂物一直堆到二楼，灭火器也早就过期"),
)
_MORE = (
    "打过好几次热线，每次都说已经转办，之后就没有下文。",
    "找过社区和街道，两边互相推，谁也不愿意出面。",
    "邻居们建了群，大家都有同样的遭遇，希望能有人管一管。",
    "我们不是无理取闹，只想要一个说法和解决的时间。",
    "照片和视频都留着，需要的话随时可以提供。",
    "家里有老人和刚出生的孩子，实在是受不了了。",
    "问题从今年春天就开始了，到现在快八个月。",
    "请有关部门到现场看看，不要只听他们一面之词。",
    "上次来检查之前他们临时收拾了一下，人一走又恢复原样。",
    "网上也有别的住户反映过，回复都是同一段话。",
)


def make_posts(count: int, seed: int) -> list[Judged]:
    """`count` posts of about count / 3 events, spread over four weeks in random order, about 280 characters each."""
    rng = random.Random(seed)
    posts: list[Judged] = []
    while len(posts) < count:
        name = "".join(rng.sample(_FIRST, 4)) + rng.choice(_LAST)
        problem = rng.choice(_PROBLEMS)
        for _ in range(rng.choice((1, 1, 2, 3, 8))):
            posts.append(_tell(f"{seed}-{len(posts)}", name, problem, rng))
    rng.shuffle(posts)
    return posts[:count]


def _tell(post_id: str, name: str, problem: tuple[str, str], rng: random.Random) -> Judged:
    title = rng.choice(("{n}{p}", "反映{n}{p}", "{n}{p}，何时能解决", "投诉{n}：{p}")).format(n=name, p=problem[0])
    rest = rng.sample(_MORE, 7)
    text = (
        f"我住在{name}附近，{problem[0]}，{problem[1]}。{''.join(rest)}{name}这件事{rng.randint(2, 99)}户人家都知道。"
    )
    at = START + timedelta(minutes=rng.randrange(28 * 24 * 60))
    post = Post(post_id, rng.choice(("论坛", "热线", "微博")), "message", title, text, at, at)
    one = Scored("housing", 0.9)
    judgement = Judgement(post_id, (one,), one, Scored("neg", 0.9), Scored("report", 0.9), 2, 0.4, Place(), "bench")
    return Judged(post, judgement)


def group(index: EventIndex, posts: Sequence[Judged]) -> float:
    """Assign all posts in batches; returns seconds."""
    start = time.perf_counter()
    for at in range(0, len(posts), BATCH):
        index.assign(posts[at : at + BATCH])
    return time.perf_counter() - start


def fill(events: int) -> EventIndex:
    """An index with at least that many live events."""
    index, seed = EventIndex(timedelta(days=45)), 1
    while len(index) < events:
        group(index, make_posts(2 * (events - len(index)) + 500, seed))
        seed += 1
    return index


def peer_seconds(kept: Sequence[Judged], asked: Sequence[Judged]) -> float:
    """The peer: the five nearest of `kept` for each of `asked`, in the same batches; returns seconds."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import NearestNeighbors

    def words(posts: Sequence[Judged]) -> list[str]:
        return [f"{one.post.title} {one.post.text}" for one in posts]

    vectors = TfidfVectorizer(analyzer="char", ngram_range=(2, 2), sublinear_tf=True)
    near = NearestNeighbors(n_neighbors=5, metric="cosine", algorithm="brute").fit(vectors.fit_transform(words(kept)))
    start = time.perf_counter()
    for at in range(0, len(asked), BATCH):
        near.kneighbors(vectors.transform(words(asked[at : at + BATCH])))
    return time.perf_counter() - start


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    small = fill(10_000)
    kept = make_posts(20_000, 77)
    ours, peers = [], []
    for round_ in range(ROUNDS):
        posts = make_posts(TIMED, 1000 + round_)
        ours.append(TIMED / group(small, posts))
        peers.append(TIMED / peer_seconds(kept, posts))
        print(
            f"round {round_ + 1}: {ours[-1]:.0f} posts/s, scikit-learn brute force {peers[-1]:.0f} posts/s", flush=True
        )
    result = {
        "machine": f"{platform.machine()} {platform.system()} Python {platform.python_version()}",
        "events_live": len(small),
        "posts_per_s": round(sorted(ours)[ROUNDS // 2], 1),
        "ratio_sklearn": round(sorted(ours)[ROUNDS // 2] / sorted(peers)[ROUNDS // 2], 2),
    }
    if not quick:
        result |= growth(small)
    print(json.dumps(result, ensure_ascii=False))


def growth(small: EventIndex) -> dict[str, float]:
    """Cost per post with 100,000 live events over that with 10,000, measured in turn."""
    large = fill(100_000)
    pairs = []
    for round_ in range(ROUNDS):
        posts = make_posts(TIMED, 2000 + round_)
        pairs.append((group(small, posts), group(large, posts)))
    ratios = sorted(many / few for few, many in pairs)
    return {"events_live_large": len(large), "cost_ratio_100k_10k": round(ratios[ROUNDS // 2], 2)}


if __name__ == "__main__":
    main()
