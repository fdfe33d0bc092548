"""Training from labelled files, and scoring: small, but the whole way."""

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix, vstack

from classify.evaluate import evaluate, macro_f1
from classify.fast import FastModel
from classify.labelled import Examples, read_all
from classify.train import kappa, log_count_ratio, split, train
from classify.weights import quantise
from stream.messages import Judged, Post

FIXTURE = Path(__file__).parent.parent / "fixtures" / "judge" / "written.jsonl.gz"
NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """600 posts to learn from and 200 to be scored on, in the layout of the labelled data."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "labels").mkdir()
    lines = gzip.decompress(FIXTURE.read_bytes()).decode().splitlines()
    for name, part in (
        ("written_train", lines[:400]),
        ("posts_train", lines[400:600]),
        ("written_dev", lines[600:800]),
    ):
        (folder / "labels" / f"{name}.jsonl").write_text("\n".join(part) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def model(data: Path) -> FastModel:
    pytest.importorskip("sklearn")
    train(data, data / "model")
    return FastModel.load(data / "model")


def test_what_is_trained_beats_chance_on_posts_it_never_saw(data: Path, model: FastModel) -> None:
    def judge(posts: Sequence[Post]) -> list[Judged]:
        return [Judged(post, judged) for post, judged in zip(posts, model.judge(posts), strict=True)]

    scores = evaluate(judge, data)["written_dev"]
    assert scores["posts"] == 200
    assert scores["topic_accuracy"] > 0.25  # 20 topics
    assert scores["severity_kappa"] > 0.3


def test_training_again_gives_the_same_model(data: Path, model: FastModel) -> None:
    train(data, data / "again")
    assert FastModel.load(data / "again").name == model.name


def test_the_model_holds_no_text(data: Path, model: FastModel) -> None:
    assert {path.name for path in (data / "model").iterdir()} == {"model.npz", "meta.json"}
    with np.load(data / "model" / "model.npz") as held:
        assert all(held[name].dtype.kind in "iuf" for name in held.files)


def test_missing_data_and_missing_fields_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="posts_train"):
        train(tmp_path, tmp_path / "out")
    (tmp_path / "posts_train.jsonl").write_text(json.dumps({"text": "停水", "topic": "municipal"}) + "\n")
    (tmp_path / "written_train.jsonl").write_text("")
    with pytest.raises(ValueError, match=r"posts_train.jsonl:1: 缺少字段 office"):
        train(tmp_path, tmp_path / "out")
    with pytest.raises(FileNotFoundError, match="written_dev"):
        evaluate(lambda posts: [], tmp_path)


def test_a_real_post_counts_for_two_invented_ones(data: Path) -> None:
    corrected = json.loads((data / "labels" / "posts_train.jsonl").read_text(encoding="utf-8").splitlines()[0])
    examples = read_all(data, [corrected])
    assert examples.counts[:201].tolist() == [2.0] * 201, "those of the file and what staff corrected"
    assert set(examples.counts[201:].tolist()) == {1.0}


def test_what_counts_twice_weighs_as_if_it_stood_there_twice() -> None:
    once = csr_matrix(np.array([[1, 0], [0, 1], [1, 1]], np.float32))
    chosen = np.array([True, False, True])
    twice, chosen_twice = csr_matrix(vstack((once, once[:1]))), np.array([True, False, True, True])
    counted = log_count_ratio(once, chosen, np.array([2, 1, 1], np.float32))
    assert counted == pytest.approx(log_count_ratio(twice, chosen_twice))


def test_near_copies_share_a_fold() -> None:
    texts = [f"第{n}封信，内容完全不同：{chr(0x4E00 + n * 37) * 9}{chr(0x5000 + n * 11) * 9}" for n in range(40)]
    copies = [f"{text}。" for text in texts]
    folds = split(Examples([""] * 80, texts + copies, [""] * 80, {}, [""] * 80, np.ones(80, np.float32)), seed=0)
    assert (folds[:40] == folds[40:]).all()
    assert len(set(folds.tolist())) > 1


def test_kappa_is_one_for_agreement_and_nought_for_chance() -> None:
    levels = np.array([1, 2, 3, 4] * 25)
    assert kappa(levels, levels) == 1
    assert kappa(levels, np.full(100, 2)) == pytest.approx(0, abs=1e-9)


def test_macro_f1_counts_classes_of_five_and_more() -> None:
    assert macro_f1(["a"] * 5 + ["b"], ["a"] * 5 + ["a"]) == pytest.approx(0.9091, abs=1e-4)


def test_int8_keeps_weights_within_half_a_step() -> None:
    weights = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    table, scale = quantise(weights)
    assert (np.abs(table * scale - weights) <= scale * 0.5001).all()
