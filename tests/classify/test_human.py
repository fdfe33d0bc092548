"""Which judgements go to a person: the dearest errors, as many as the setting says."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.wire import open_house
from classify.cascade import GATE, Cascade, Gate
from classify.encoder.tune import Dev, tune
from classify.fast import SHIPPED, FastModel
from classify.human import QUANTILES, bar_of, costs_of, expected_costs, table_of
from classify.human_fit import fill
from classify.weights import load_weights, save_weights
from stream.messages import Post
from tests.classify.test_cascade import Sayer
from tests.classify.tiny import invented

NOW = datetime(2026, 11, 25, tzinfo=UTC)
FAST = FastModel.load()
WIDE = sum(map(len, FAST.labels.values()))
POSTS = [Post(row["id"], "t", "message", row["title"], row["text"], NOW, NOW) for row in invented(300)]


def scores(topic: float, office: float, grave: float) -> np.ndarray:
    row = np.zeros((1, WIDE), np.float32)
    for head, value in (("topic", topic), ("office", office)):
        part = FAST.columns[head]
        row[:, part] = (1 - value) / (part.stop - part.start - 1)
        row[:, part.start] = value
    start = FAST.columns["severity"].start
    row[:, start : start + 4] = [1 - grave, 0, grave, 0]
    return row


def cost(topic: float = 0.9, office: float = 0.9, grave: float = 0.0, level: int = 1) -> float:
    return float(costs_of(scores(topic, office, grave), FAST.columns, np.array([level], np.float32))[0])


def test_an_error_costs_more_the_likelier_it_is_and_the_graver_the_post() -> None:
    assert cost(office=0.6) > cost(office=0.9)
    assert cost(topic=0.6) > cost(topic=0.9)
    assert cost(office=0.6, grave=1.0, level=3) == pytest.approx(3 * cost(office=0.6), rel=1e-4)
    assert cost(grave=0.4, level=2) > cost(grave=0.4, level=3)
    assert cost(topic=1.0, office=1.0) == pytest.approx(0, abs=1e-6)


def test_a_missed_grave_post_is_dearer_than_any_return() -> None:
    assert cost(topic=1.0, office=1.0, grave=0.9, level=2) > cost(topic=0.6, office=0.5, level=1)


@given(st.lists(st.floats(0, 10, width=32), min_size=40, max_size=200), st.floats(0.05, 0.95))
def test_the_table_gives_a_bar_for_every_share(costs: list[float], share: float) -> None:
    table = table_of(np.array(costs, np.float32))
    assert len(table) == len(QUANTILES)
    assert table == sorted(table)
    above = np.mean(np.array(costs) > float(bar_of(table, share, 0.4).cost or 0) + 1e-3)
    assert above <= share + 0.05


def test_nobody_everybody_and_a_model_that_knows_no_costs() -> None:
    table = table_of(np.arange(100, dtype=np.float32))
    assert not bar_of(table, 0, 0.4).reached(1e9, 0.01)
    assert bar_of(table, 1, 0.4).reached(0.0, 1.0)
    older = bar_of([], 0.1, 0.4)
    assert (older.reached(9.0, 0.5), older.reached(0.0, 0.3)) == (False, True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped fast model with the costs of 300 invented posts."""
    made = tmp_path_factory.mktemp("human") / "model"
    made.mkdir()
    for name in ("model.npz", "meta.json"):
        shutil.copy2(SHIPPED / name, made / name)
    fill(POSTS, made)
    return made


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_the_setting_says_how_many_go_to_people(folder: Path, share: float) -> None:
    judged = FastModel.load(folder, human_share=share).judge(POSTS)
    assert np.mean([one.needs_human for one in judged]) == pytest.approx(share, abs=0.03)


def test_those_who_go_to_people_are_wrong_more_often(folder: Path) -> None:
    cut = [replace(one, title="", text=one.text[:12]) for one in POSTS]  # too little to tell by
    wrong: dict[bool, list[bool]] = {True: [], False: []}
    for one, row in zip(FastModel.load(folder, human_share=0.3).judge(cut), invented(300), strict=True):
        wrong[one.needs_human].append(one.office.key != row["office"])
    assert np.mean(wrong[True]) > np.mean(wrong[False]) + 0.1


def test_the_cascade_goes_by_its_own_table(folder: Path) -> None:
    fast = FastModel.load(folder)
    gate = Gate(0.0, (1.0, 1.0), 1.0, 1.0, (1.5, 2.5, 3.5), 0.4, costs=tuple(QUANTILES * 4))
    said = fast.scores([one.title for one in POSTS], [one.text for one in POSTS], [one.kind for one in POSTS])
    dearest = float(expected_costs(said, FAST.columns)[0].max())
    assert dearest > 0.1
    for share, expected in ((0.0, False), (1.0, True)):
        both = Cascade(fast, Sayer(topic="wages"), gate, "transformer", human_share=share)  # type: ignore[arg-type]
        assert {one.needs_human for one in both.judge(POSTS[:20])} == {expected}


def test_a_newly_tuned_gate_has_its_table_and_one_without_it_still_loads(tmp_path: Path) -> None:
    said = FAST.scores([""] * 60, [one.text for one in POSTS[:60]])
    gold = {head: [str(row[head]) for row in invented(60)] for head in FAST.columns}
    gate = tune(Dev(gold, said, said, [False] * 60), FAST.labels, FAST.columns).gate
    gate.save(tmp_path)
    assert len(gate.costs) == len(QUANTILES)
    assert Gate.load(tmp_path) == gate
    held = json.loads((tmp_path / GATE).read_text())
    del held["costs"]
    (tmp_path / GATE).write_text(json.dumps(held))
    assert Gate.load(tmp_path).costs == ()


def test_the_fast_models_table_is_kept_and_one_without_it_still_loads(folder: Path, tmp_path: Path) -> None:
    weights = load_weights(folder)
    save_weights(weights, tmp_path)
    assert load_weights(tmp_path).meta.costs == weights.meta.costs
    meta = json.loads((tmp_path / "meta.json").read_text())
    del meta["costs"]
    (tmp_path / "meta.json").write_text(json.dumps(meta))
    assert load_weights(tmp_path).meta.costs == []


def test_the_share_is_read_from_the_settings(folder: Path, tmp_path: Path) -> None:
    env = {"MINSHENG_DATA": str(tmp_path), "MINSHENG_JUDGE__MODEL": str(folder), "MINSHENG_JUDGE__HUMAN_SHARE": "1"}
    house = open_house(env)
    assert all(one.judgement.needs_human for one in house.judge()(POSTS[:10]))
    house.close()


def test_the_gate_asks_for_what_the_worst_set_needs() -> None:
    """On the first set both models agree; on the second the encoder alone is right where the fast one is sure."""
    said = FAST.scores([""] * 60, [one.text for one in POSTS[:60]])
    gold = {
        head: [FAST.labels[head][i] for i in said[:, part].argmax(1).tolist()] for head, part in FAST.columns.items()
    }
    better = said.copy()
    topic = FAST.columns["topic"]
    for row in range(50, 60):
        gold["topic"][row] = FAST.labels["topic"][(int(said[row, topic].argmax()) + 1) % len(FAST.labels["topic"])]
        better[row, topic] = 0
        better[row, topic.start + FAST.labels["topic"].index(gold["topic"][row])] = 1
    dev = Dev(gold, said, better, [False] * 60)
    together, apart = (
        tune(dev, FAST.labels, FAST.columns),
        tune(replace(dev, parts=["a"] * 50 + ["b"] * 10), FAST.labels, FAST.columns),
    )
    assert apart.share >= together.share
    assert apart.cascade["topic"] >= together.cascade["topic"]
