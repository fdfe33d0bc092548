"""The page of a post says which one it repeats and how many others do."""

from __future__ import annotations

from dataclasses import replace

from app.wire import House
from dashboard import correcting
from dashboard.copies import Copies, copies_of
from tests.dashboard.filled import desk_of


def repeat(house: House, first: str, *others: str) -> None:
    stored = [house.archive.get(name) for name in others]
    house.archive.upsert(
        [replace(one, judgement=replace(one.judgement, near_copy_of=first)) for one in stored if one is not None]
    )


def counted(house: House, name: str, *, with_event: bool = True) -> Copies:
    detail = correcting.post_detail(desk_of(house), name)
    assert detail is not None
    return copies_of(desk_of(house), detail.judged, detail.event_id if with_event else "")


def test_the_first_and_its_copies_count_each_other(full: House) -> None:
    repeat(full, "noise-0", "noise-1", "noise-2")
    assert counted(full, "noise-0") == Copies("", 2, cut=False)
    assert counted(full, "noise-1") == Copies("noise-0", 2, cut=False)
    assert counted(full, "river-0") == Copies("", 0, cut=False)


def test_copies_of_another_post_do_not_count(full: House) -> None:
    repeat(full, "river-0", "noise-1")
    assert counted(full, "noise-0").others == 0


def test_a_first_post_that_is_gone_is_not_named(full: House) -> None:
    repeat(full, "purged", "noise-1", "noise-2")
    assert counted(full, "noise-1") == Copies("", 1, cut=False)


def test_without_an_event_the_first_is_named_and_nobody_counted(full: House) -> None:
    repeat(full, "noise-0", "noise-1")
    assert counted(full, "noise-1", with_event=False) == Copies("noise-0", 0, cut=False)
