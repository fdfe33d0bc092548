"""Invented posts that the live flow has judged with an old model, and a new model that says something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.rejudge_notes import Notes
from app.rejudging import Rejudge, Span, notes_path
from app.wire import House, open_house
from stream.archive import Query
from stream.log import REREADS, Out
from stream.messages import RAW, Judged, Judgement, Place, Post, Scored, encode_post

AT = datetime(2026, 11, 20, 4, tzinfo=UTC)
GROUP = f"{REREADS}new"


def post_of(name: str, **changes: Any) -> Post:
    text = f"{name}号楼停水三天，物业一直没有答复。"
    return replace(Post(name, "board", "message", f"{name}号楼停水", text, AT, AT + timedelta(minutes=5)), **changes)


def judged_of(post: Post, **changes: Any) -> Judged:
    """By the old model, unless said otherwise."""
    topic, office = changes.pop("topic", "housing"), changes.pop("office", "zhujian")
    judgement = Judgement(
        post_id=post.id,
        topics=(Scored(topic, 0.9),),
        office=Scored(office, 0.9),
        sentiment=Scored("neg", 0.9),
        intent=Scored("complaint", 0.9),
        severity=2,
        severity_score=2.0,
        place=Place("330106"),
        model="old",
    )
    return Judged(post, replace(judgement, **changes))


def new_model(posts: Sequence[Post]) -> list[Judged]:
    return [judged_of(post, topic="municipal", severity=3, model="new", near_copy_of="") for post in posts]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = open_house({"MINSHENG_DATA": str(tmp_path / "data")})
    yield house
    house.close()


@pytest.fixture
def notes(house: House) -> Iterator[Notes]:
    with Notes(notes_path(house, GROUP)) as notes:
        yield notes


def publish(house: House, *posts: Post) -> None:
    house.log.publish(RAW, [Out(post.id, encode_post(post)) for post in posts])


def fill(house: House, *names: str) -> list[Post]:
    """Posts that the live flow has read, judged with the old model and archived."""
    posts = [post_of(name) for name in names]
    publish(house, *posts)
    house.archive.upsert([judged_of(post, near_copy_of="" if post is posts[0] else posts[0].id) for post in posts])
    return posts


def run(house: House, notes: Notes, judging: Callable[[Sequence[Post]], list[Judged]] = new_model, **more: Any) -> None:
    again = Rejudge(house, judging, GROUP, notes, more.pop("span", Span()), **more)
    while again.round(3):
        pass


def models(house: House) -> dict[str, str]:
    hits = house.archive.search(Query(set_aside=None, limit=1000)).hits
    return {hit.judged.post.id: hit.judged.judgement.model for hit in hits}


def archived(house: House, name: str) -> Judgement:
    found = house.archive.get(name)
    assert found is not None
    return found.judgement
