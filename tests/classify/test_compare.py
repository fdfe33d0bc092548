"""A new model against the one in use, on the same posts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from classify.compare import Comparison, Labelled, Measured, compare, read_labelled, worse
from classify.train import kappa
from stream.messages import Judged, Judgement, Place, Post, Scored

NOW = datetime(2026, 11, 25, tzinfo=UTC)
TOPICS = ("wages", "ecology", "housing")


def labelled(n: int, **gold: str) -> Labelled:
    right = {
        "topic": TOPICS[n % 3],
        "office": "renshe",
        "sentiment": "neg",
        "intent": "complaint",
        "severity": str(1 + n % 4),
    }
    return Labelled(Post(str(n), "board", "message", "", f"虚构的第{n}条", NOW, NOW), {**right, **gold})


def judge(wrong: Callable[[int], bool], head: str = "topic") -> Callable[[Sequence[Post]], list[Judged]]:
    """Right but where `wrong` says so."""

    def judging(posts: Sequence[Post]) -> list[Judged]:
        return [Judged(post, _said(int(post.id), head if wrong(int(post.id)) else "")) for post in posts]

    return judging


def _said(n: int, wrong: str) -> Judgement:
    return Judgement(
        str(n),
        (Scored("police" if wrong == "topic" else TOPICS[n % 3], 0.9),),
        Scored("none" if wrong == "office" else "renshe", 0.9),
        Scored("pos" if wrong == "sentiment" else "neg", 0.9),
        Scored("other" if wrong == "intent" else "complaint", 0.9),
        1 if wrong == "severity" else 1 + n % 4,
        2.0,
        Place(),
        "m",
    )


POSTS = [labelled(n) for n in range(200)]
RIGHT = judge(lambda n: False)


def rows(found: Comparison) -> dict[str, Measured]:
    return {row.measure: row for row in found.rows}


def test_a_model_is_not_worse_than_itself() -> None:
    found = compare("开发集", POSTS, RIGHT, RIGHT)
    assert [row.difference for row in found.rows] == [0.0] * 6
    assert all(row.low == row.high == 0 for row in found.rows)
    assert list(worse([found])) == []


@pytest.mark.parametrize("head", ["topic", "office", "sentiment", "intent", "severity"])
def test_what_got_worse_beyond_chance_is_named(head: str) -> None:
    found = compare("开发集", POSTS, RIGHT, judge(lambda n: n % 10 == 3, head))
    measure = "kappa" if head == "severity" else head
    row = rows(found)[measure]
    assert row.old == 1.0
    assert row.new < 0.95
    assert row.high < 0
    assert any("变差超出偶然" in why and f"{row.new:.3f}" in why for why in worse([found]))


def test_what_got_better_is_no_reason() -> None:
    found = compare("开发集", POSTS, judge(lambda n: n % 10 == 3), RIGHT)
    assert rows(found)["topic"].low > 0
    assert list(worse([found])) == []


def test_models_that_err_as_often_on_other_posts_are_alike() -> None:
    found = compare("开发集", POSTS, judge(lambda n: n % 10 == 3), judge(lambda n: n % 10 == 7))
    row = rows(found)["topic"]
    assert row.difference == 0
    assert row.low < 0 < row.high
    assert list(worse([found])) == []


def test_the_mean_of_all_measures_must_not_fall_by_more_than_a_hundredth() -> None:
    """Each measure of it may be chance."""
    low = Measured("topic", 100, 0.80, 0.78, -0.05, 0.01)
    assert "各项平均下降 0.020" in "".join(worse([Comparison("开发集", 100, (low, low))]))
    little = Measured("topic", 100, 0.80, 0.795, -0.03, 0.02)
    assert list(worse([Comparison("开发集", 100, (little, little))])) == []


def test_few_posts_decide_nothing() -> None:
    few = Measured("topic", 12, 0.9, 0.1, -0.9, -0.5)
    assert list(worse([Comparison("保留的人工改正", 12, (few,))])) == []


def test_only_heads_that_a_person_labelled_are_measured() -> None:
    posts = [Labelled(one.post, {"topic": one.gold["topic"]}) for one in POSTS[:40]]
    posts.append(Labelled(POSTS[50].post, {"severity": "4"}))
    found = rows(compare("保留的人工改正", posts, RIGHT, RIGHT))
    assert {measure: row.posts for measure, row in found.items()} == {"topic": 40, "kappa": 1, "grave": 1}


def test_where_annotators_differed_either_answer_is_right() -> None:
    posts = [labelled(n, topic=f"{TOPICS[n % 3]}|police") for n in range(40)]
    assert rows(compare("开发集", posts, RIGHT, judge(lambda n: True)))["topic"].new == 1.0


def test_kappa_and_recall_are_those_that_evaluate_gives() -> None:
    new = judge(lambda n: n % 5 == 0, "severity")
    truth = np.array([1 + n % 4 for n in range(200)])
    said = np.where(np.arange(200) % 5 == 0, 1, truth)
    found = rows(compare("开发集", POSTS, RIGHT, new))
    assert found["kappa"].new == pytest.approx(kappa(truth, said))
    assert found["grave"].new == pytest.approx((said >= 3)[truth >= 3].mean())


def test_the_same_comparison_gives_the_same_interval() -> None:
    new = judge(lambda n: n % 9 == 0)
    assert compare("开发集", POSTS, RIGHT, new) == compare("开发集", POSTS, RIGHT, new)


def test_labelled_files_are_read_and_a_folder_without_any_is_told(tmp_path: Path) -> None:
    row = {"id": "a", "text": "停水", "topic": "municipal", "office": "gongyong", "sentiment": "neg", "intent": "ask"}
    (tmp_path / "written_dev.jsonl").write_text(json.dumps({**row, "severity": 2}) + "\n", encoding="utf-8")
    (one,) = read_labelled(tmp_path)
    assert one.gold["severity"] == "2"
    with pytest.raises(FileNotFoundError, match="written_dev"):
        read_labelled(tmp_path / "none")
