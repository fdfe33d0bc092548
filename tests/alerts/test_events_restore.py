"""The working set comes back from the ledger: then the same posts get the same events."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.events import Assignment, EventIndex
from alerts.model import Event
from stream.errors import Poison
from stream.messages import Judged, Place
from tests.alerts.telling import DAY, ESTATE, QUESTIONS, SCHOOLS, WINDOW, XIAOSHAN, XIHU, tell

NAMES = ("临栖雅苑", "枫桥路小学", "海棠实验小学", "金鼎大排档", "云锦花园", "青鹿幼儿园", "望湖公馆", "兰亭农贸市场")
PROBLEMS = (
    ("停工半年不交房", "合同写明六月交房，现在工地没有人"),
    ("门口每天堵车", "接送孩子的车排成长龙，没有人疏导"),
    ("油烟直排扰民", "烧烤到凌晨两点，住户不敢开窗"),
    ("拖欠工人工资", "三十多个工友干了半年没有拿到钱"),
)
ENDINGS = ("请有关部门管一管。", "打过热线也没有下文。", "希望尽快答复。", "照片都留着。", "邻居们都很着急。")
PLACES: tuple[Place | None, ...] = (None, None, XIHU, XIAOSHAN)
TOPICS = ("housing", "education", "ecology", "wages", "none")


def stream(seed: int, length: int) -> list[Judged]:
    """Posts about a few names and problems, some copied, in no order of time."""
    rng = random.Random(seed)
    posts: list[Judged] = []
    for number in range(length):
        name, (title, text) = rng.choice(NAMES), rng.choice(PROBLEMS)
        body = f"{name}{title}，{text}，{rng.choice(ENDINGS)}{rng.choice(ENDINGS)}第{rng.randint(1, 9)}次反映。"
        posts.append(
            tell(
                f"s{number}",
                rng.choice((f"{name}{title}", f"反映{name}{title}", "")),
                body,
                day=rng.uniform(0, 60),
                source=rng.choice(("board", "weibo", "news")),
                topic=rng.choice(TOPICS),
                severity=rng.randint(1, 4),
                place=rng.choice(PLACES),
                keywords=(name,),
                near_copy_of=f"s{rng.randrange(number)}" if number and rng.random() < 0.1 else "",
            )
        )
    return posts


class Shelf:
    """The ledger's part: the newest state and signature of every event."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[Event, bytes]] = {}

    def keep(self, index: EventIndex, assigned: list[Assignment]) -> None:
        for one in assigned:
            try:
                signature = index.signature(one.event.id)
            except KeyError:
                continue
            self.rows[one.event.id] = one.event, signature


def restored(shelf: Shelf, window: timedelta, seed: int) -> EventIndex:
    rows = list(shelf.rows.values())
    random.Random(seed).shuffle(rows)
    index = EventIndex(window)
    index.restore(rows)
    return index


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.integers(0, 60), days=st.sampled_from([5, 20, 90]))
def test_split_anywhere_and_restored_the_same_events_follow(seed: int, cut: int, days: int) -> None:
    posts, window = stream(seed, 60), days * DAY
    index, shelf = EventIndex(window), Shelf()
    shelf.keep(index, index.assign(posts[:cut]))
    again = restored(shelf, window, seed)
    assert again.assign(posts[cut:]) == index.assign(posts[cut:])


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), batch=st.integers(1, 25))
def test_restored_after_every_batch_the_same_events_follow(seed: int, batch: int) -> None:
    index, shelf = EventIndex(20 * DAY), Shelf()
    posts = stream(seed, 60)
    for start in range(0, len(posts), batch):
        chunk = posts[start : start + batch]
        told = restored(shelf, 20 * DAY, seed).assign(chunk)
        assert told == index.assign(chunk)
        shelf.keep(index, told)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_restored_index_gives_the_same_signatures(seed: int) -> None:
    index, shelf = EventIndex(WINDOW), Shelf()
    shelf.keep(index, index.assign(stream(seed, 40)))
    again = restored(shelf, WINDOW, seed)
    for event_id, (_, signature) in shelf.rows.items():
        try:
            assert again.signature(event_id) == signature
        except KeyError:
            with pytest.raises(KeyError):
                index.signature(event_id)


def test_posts_taken_before_a_crash_keep_their_event_after_it() -> None:
    posts = (*ESTATE, *SCHOOLS, *QUESTIONS)
    index, shelf = EventIndex(WINDOW), Shelf()
    first = index.assign(posts)
    shelf.keep(index, first)
    again = restored(shelf, WINDOW, 0).assign(posts)
    assert [one.post for one in again] == [one.post for one in first]
    assert all(one.event == shelf.rows[one.event.id][0] for one in again)


def test_a_signature_is_a_few_kilobytes_at_most() -> None:
    rng = random.Random(5)
    index = EventIndex(WINDOW)
    for number in range(600):
        ending = "".join(chr(0x4E00 + rng.randrange(8000)) for _ in range(rng.randint(5, 120)))
        index.assign(
            [tell(f"big-{number}", "临栖雅苑二期停工半年不交房", f"临栖雅苑二期停工半年，{ending}。", day=number / 50)]
        )
    assert len(index) == 1
    assert len(index.signature("ev-big-0")) < 9_000


def test_the_posts_an_event_remembers_are_bounded_but_cover_a_batch() -> None:
    posts = [
        tell(f"copy-{number}", ESTATE[0].post.title, ESTATE[0].post.text, day=number / 1000) for number in range(400)
    ]
    index = EventIndex(WINDOW)
    index.assign(posts)
    again = index.assign(posts[-256:])
    assert {one.event.posts for one in again} == {400}


@pytest.mark.parametrize(
    "broken", [b"", b"\x01", b"\x02\x00\x00\x00\x02{}", b"\x01\x00\x00\x00\x02{}", b"\x01\x00\x00\x00\x02[]"]
)
def test_a_broken_signature_names_the_event(broken: bytes) -> None:
    index = EventIndex(WINDOW)
    event = index.assign([ESTATE[0]])[0].event
    with pytest.raises(Poison, match="ev-estate-1"):
        EventIndex(WINDOW).restore([(event, broken)])


def test_every_cut_of_a_signature_is_refused() -> None:
    index = EventIndex(WINDOW)
    event = index.assign([ESTATE[0]])[0].event
    signature = index.signature(event.id)
    for length in range(0, len(signature), 7):
        with pytest.raises(Poison):
            EventIndex(WINDOW).restore([(event, signature[:length])])
