"""What is published in the demo town and when: four weeks of history before `anchor`, then a live stream.

Pure: the same seed and anchor always give the same posts. Times are aware UTC. Noise keeps to the hours
at which people write.
"""

from __future__ import annotations

import random
import re
import zlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from app.demo.fit import best_fit
from app.demo.stories import Story, StoryPost, load_stories
from app.demo.texts import Advert, Noise, Texts, load_noise, load_texts
from configs.catalog import SHANGHAI

HISTORY = timedelta(days=28)
LIVE_GAP = 12.0  # seconds between two live posts, on average
SLOW_AFTER = 400  # live posts after which the stream slows down, so that the reserve lasts for most of a day
SLOW_GAP = 90.0
REPLY_SHARE = 0.36  # of the board's ordinary messages
HOTLINE_DONE_SHARE = 0.45  # of the hotline's ordinary orders
COMMENT_SPAN = timedelta(days=4)  # how long a thread takes new comments
STORY_COPIES = 16
NOISE_COPIES = 26

_CALLER = re.compile(r"^(?:市民|匿名|群众)?(?:来电人?|致电)(?:反映|举报|咨询|求助|表示|投诉|建议|称)+[：:，,\s]*")
_PERSON = re.compile(r"^来电人(?:系|代表)[^，。！？；：\n]{2,40}[，：]")
_WORDS = re.compile(r"[^。！？\n!?]{7,}?(?=[，。！？；\n,!?;]|$)|[^\n]+")
_TONE = {"ask": "question", "suggest": "question", "other": "question", "praise": "praise"}
_HOURS = {  # weight of each hour of the day (Shanghai): offices' hours for calls, evenings for the forum
    "board": (1, 1, 0, 0, 0, 1, 2, 4, 8, 11, 11, 8, 6, 6, 8, 9, 8, 7, 6, 8, 9, 9, 6, 3),
    "hotline": (1, 1, 1, 1, 1, 1, 3, 6, 11, 12, 12, 9, 5, 7, 10, 11, 10, 8, 6, 5, 5, 4, 2, 1),
    "forum": (3, 2, 1, 0, 0, 1, 2, 5, 6, 6, 6, 6, 8, 6, 5, 5, 6, 8, 9, 10, 12, 12, 9, 6),
    "news": (0, 0, 0, 0, 0, 1, 4, 9, 12, 11, 9, 6, 3, 4, 7, 8, 8, 7, 5, 3, 2, 1, 0, 0),
}
_HOURS["feed"] = _HOURS["news"]
_WEEKEND = {"board": 0.65, "hotline": 0.55, "forum": 1.0, "news": 0.5, "feed": 0.5}
_PATHS = {"board": "/board/m{}.html", "forum": "/forum/t{}.html", "news": "/news/n{}.html", "feed": "/news/f{}.html"}


Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class TownPost:
    """One post of the town.

    `source` is board, forum, news, feed or hotline. `thread` is the key of the post that opens the forum thread (an
    opening post names itself; "" elsewhere). `path` is the page it stands on, with `#` and its place for a forum reply;
    "" for the hotline. `story` is the key of its planted story, "" for noise; `copy_of` the key of the post that it
    nearly repeats.
    """

    key: str
    source: str
    title: str
    text: str
    author: str
    published_at: datetime
    path: str = ""
    reply: str = ""
    office: str = ""
    reply_at: datetime | None = None
    thread: str = ""
    story: str = ""
    copy_of: str = ""


def build(seed: int, anchor: datetime) -> tuple[TownPost, ...]:
    """All posts of the town, oldest first; those after `anchor` are the live stream."""
    anchor = anchor.astimezone(UTC).replace(microsecond=0)
    rng = random.Random(seed)  # noqa: S311  a town must be repeatable, not secret
    texts = load_texts()
    told = [post for story in load_stories().values() for post in _story_posts(story, anchor)]
    noise = [*_history(rng, texts, anchor), *_live(rng, texts, anchor)]
    chats = list(_chats(rng, texts, anchor))
    noise = _in_threads(rng, noise, chats)
    copies = [*_copies(rng, texts, told, STORY_COPIES, anchor), *_copies(rng, texts, noise, NOISE_COPIES, anchor)]
    posts = [*told, *chats, *noise, *copies]
    return tuple(sorted((_placed(post) for post in posts), key=lambda post: (post.published_at, post.key)))


def put_off(posts: Iterable[TownPost], pauses: Sequence[Span]) -> tuple[TownPost, ...]:
    """The same posts; what would have come while the demo stood still, (from, to), and all after it come later by as much."""
    posts = tuple(posts)
    for start, end in pauses:
        posts = tuple(_later(post, start, end - start) for post in posts)
    return posts


def _later(post: TownPost, start: datetime, pause: timedelta) -> TownPost:
    """What was there before the pause stays as it is; an answer may come after it."""
    at = post.published_at + pause if post.published_at > start else post.published_at
    reply_at = post.reply_at + pause if post.reply_at and post.reply_at > start else post.reply_at
    return replace(post, published_at=at, reply_at=reply_at)


def number(key: str) -> int:
    """The number a post has in its address; it depends on the key alone, so it stays the same when texts are added."""
    return zlib.crc32(key.encode()) % 90_000_000 + 10_000_000


def _placed(post: TownPost) -> TownPost:
    if post.source == "hotline":
        return post
    page = _PATHS[post.source].format(number(post.thread or post.key))
    inner = post.thread not in ("", post.key)
    return replace(post, path=f"{page}#p{number(post.key)}" if inner else page)


# --- stories


def _story_posts(story: Story, anchor: datetime) -> Iterator[TownPost]:
    for index, post in enumerate(story.posts, 1):
        yield _story_post(story, post, f"{story.key}-{post.key or index}", anchor)


def _story_post(story: Story, post: StoryPost, key: str, anchor: datetime) -> TownPost:
    at = post.published_at(anchor)
    thread = (f"{story.key}-{post.to}" if post.to else key) if post.source == "forum" else ""
    town = TownPost(key, post.source, post.title, post.text.strip(), post.author, at, thread=thread, story=story.key)
    if post.reply is None:
        return town
    reply_at = at + timedelta(hours=post.reply.after)
    return replace(town, reply=post.reply.text.strip(), office=post.reply.office, reply_at=reply_at)


# --- noise


def _history(rng: random.Random, texts: Texts, anchor: datetime) -> Iterator[TownPost]:
    for index, noise in enumerate(note for note in load_noise() if note.use == "history"):
        source = _source_of(noise, index)
        post = _noise_post(rng, texts, noise, f"n{index:04d}", source, _some_time(rng, source, anchor))
        yield _answered(rng, texts, noise, post, anchor)
    for index, advert in enumerate(texts.adverts):
        yield _advert(rng, texts, advert, f"ad{index:02d}", _some_time(rng, advert.source, anchor))


def _live(rng: random.Random, texts: Texts, anchor: datetime) -> Iterator[TownPost]:
    at = anchor + timedelta(seconds=4)
    reserve = [note for note in load_noise() if note.use == "live"]
    for index, noise in enumerate(reserve):
        yield _noise_post(rng, texts, noise, f"l{index:04d}", _source_of(noise, index), at)
        gap = LIVE_GAP if index < SLOW_AFTER else SLOW_GAP
        at += timedelta(seconds=round(gap * rng.uniform(0.5, 1.5), 1))


def _source_of(noise: Noise, index: int) -> str:
    if noise.style == "news":
        return "news" if index % 2 else "feed"
    return {"message": "board", "hotline": "hotline"}.get(noise.style, "forum")


def _noise_post(rng: random.Random, texts: Texts, noise: Noise, key: str, source: str, at: datetime) -> TownPost:
    title = "" if noise.style == "comment" else noise.title or headline(noise.text)
    thread = key if source == "forum" and noise.style != "comment" else ""
    return TownPost(key, source, title, noise.text, _author(rng, texts, source), at, thread=thread)


def _advert(rng: random.Random, texts: Texts, advert: Advert, key: str, at: datetime) -> TownPost:
    author = _author(rng, texts, advert.source)
    thread = key if advert.source == "forum" else ""
    return TownPost(key, advert.source, advert.title, advert.text.strip(), author, at, thread=thread)


def headline(text: str, limit: int = 26) -> str:
    """A title for a text that has none: its first words up to a pause, cut at `limit` characters.

    The hotline's opening (来电人反映, 来电人系某厂员工) is left out.
    """
    bare = _PERSON.sub("", _CALLER.sub("", text.strip()))
    first = _WORDS.match(bare) or _WORDS.match(text.strip())
    title = (first[0] if first else bare).strip(" ：:")
    return title if len(title) <= limit else title[: limit - 1] + "…"


def _some_time(rng: random.Random, source: str, anchor: datetime) -> datetime:
    """A time in the history, at an hour and on a weekday when people write there (drawn by rejection)."""
    weights, weekend = _HOURS[source], _WEEKEND[source]
    while True:
        at = anchor - timedelta(seconds=rng.randrange(120, int(HISTORY.total_seconds())))
        local = at.astimezone(SHANGHAI)
        chance = weights[local.hour] / max(weights) * (weekend if local.weekday() >= 5 else 1.0)
        if rng.random() < chance:
            return at


def _author(rng: random.Random, texts: Texts, source: str) -> str:
    if source in ("news", "feed"):
        return rng.choice(texts.outlets)
    if source == "hotline":
        return rng.choice(texts.surnames) + rng.choice(("先生", "女士", "先生", "女士", "阿姨", "师傅"))
    return rng.choice(texts.nick_heads) + rng.choice(texts.nick_tails)


def _answered(rng: random.Random, texts: Texts, noise: Noise, post: TownPost, anchor: datetime) -> TownPost:
    """With an office's answer, for a share of the older messages and orders."""
    share = {"board": REPLY_SHARE, "hotline": HOTLINE_DONE_SHARE}.get(post.source, 0.0)
    reply_at = post.published_at + timedelta(hours=rng.uniform(18, 150))
    if rng.random() >= share or noise.topic not in texts.offices or reply_at > anchor:
        return post
    tone = _TONE.get(noise.intent, "grievance")
    fitting = best_fit(post.title + post.text, texts.replies[noise.topic]) if tone == "grievance" else ""
    body = fitting or rng.choice(texts.general[tone])
    answer = rng.choice(texts.greetings) + body + rng.choice(texts.closings)
    return replace(post, reply=answer, office=texts.offices[noise.topic], reply_at=_in_hours(reply_at))


def _in_hours(at: datetime) -> datetime:
    """Moved back to the last working hour before it (at most 17 hours): offices do not answer at night."""
    local = at.astimezone(SHANGHAI)
    if local.hour < 9:
        return (local.replace(hour=16) - timedelta(days=1)).astimezone(UTC)
    return at if local.hour < 17 else local.replace(hour=9 + local.minute % 8).astimezone(UTC)


# --- the forum's threads, and which of them the one-line comments join


def _chats(rng: random.Random, texts: Texts, anchor: datetime) -> Iterator[TownPost]:
    step = HISTORY / len(texts.chats)
    for index, chat in enumerate(texts.chats):
        at = anchor - HISTORY + step * index
        key = f"chat{index:02d}"
        yield TownPost(key, "forum", chat.title, chat.text.strip(), _author(rng, texts, "forum"), at, thread=key)


def _in_threads(rng: random.Random, posts: Sequence[TownPost], chats: Sequence[TownPost]) -> list[TownPost]:
    """The same posts; each comment now stands in a thread."""
    topics = {note.text: note.topic for note in load_noise()}
    hosts: dict[str, list[TownPost]] = defaultdict(list)
    for post in posts:
        if post.source == "forum" and post.thread:
            hosts[topics.get(post.text, "none")].append(post)
    return [_in_thread(rng, post, topics.get(post.text, "none"), hosts, chats) for post in posts]


def _in_thread(
    rng: random.Random, post: TownPost, topic: str, hosts: Mapping[str, list[TownPost]], chats: Sequence[TownPost]
) -> TownPost:
    """Small talk joins one of the two newest chats; a comment on something joins a recent thread or opens one."""
    if post.source != "forum" or post.thread:
        return post
    if topic == "none":
        newest = bisect_right([chat.published_at for chat in chats], post.published_at)
        return replace(post, thread=rng.choice(chats[max(newest - 2, 0) : max(newest, 1)]).key)
    open_threads = {
        host.text: host.key
        for host in hosts[topic]
        if timedelta() < post.published_at - host.published_at < COMMENT_SPAN
    }
    host_key = open_threads.get(best_fit(post.text, tuple(open_threads)), "")
    return replace(post, thread=host_key) if host_key else replace(post, thread=post.key, title=headline(post.text))


# --- reposts and near copies


def _copies(
    rng: random.Random, texts: Texts, posts: Sequence[TownPost], wanted: int, anchor: datetime
) -> Iterator[TownPost]:
    """Posts that other people carry from one place to another, hours later, with a word of their own."""
    fit = [post for post in _before(posts, anchor - timedelta(hours=30)) if len(post.text) >= 60 and post.title]
    fit = [post for post in fit if not post.key.startswith("ad") and post.source != "feed"]
    for post in rng.sample(fit, min(wanted, len(fit))):
        at = post.published_at + timedelta(hours=rng.uniform(0.5, 28))
        source = rng.choice(("forum", "forum", "board") if post.source != "forum" else ("board", "forum"))
        key = f"copy-{post.key}"
        prefix, suffix = rng.choice(texts.repost_prefixes), rng.choice(texts.repost_suffixes)
        yield replace(
            post,
            key=key,
            source=source,
            title=rng.choice((post.title, f"【转】{post.title}", f"转发：{post.title}")),
            text=f"{prefix}{post.text}{suffix}",
            author=_author(rng, texts, source),
            published_at=at,
            reply="",
            office="",
            reply_at=None,
            thread=key if source == "forum" else "",
            copy_of=post.key,
        )


def _before(posts: Iterable[TownPost], until: datetime) -> Iterator[TownPost]:
    return (post for post in posts if post.published_at < until)
