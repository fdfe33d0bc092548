"""From a trained folder to the model in use: compared, refused or taken, rolled back."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from alerts.corrections import Correction
from app.correcting import is_held_back
from app.evaluating import compare_models, list_models, roll_back, score_model, use_model
from app.models import train_model
from app.wire import House, open_house
from classify.fast import SHIPPED
from classify.weights import Weights, load_weights, save_weights
from stream.errors import MinshengError
from stream.messages import Judged, Post

FIXTURE = Path(__file__).parent.parent / "fixtures" / "judge" / "written.jsonl.gz"
NOW = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = open_house({"MINSHENG_DATA": str(tmp_path / "data")}, now=lambda: NOW)
    yield house
    house.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Some of the invented posts as a development set."""
    lines = gzip.decompress(FIXTURE.read_bytes()).decode().splitlines()[:120]
    (tmp_path / "written_dev.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def make_model(house: House, name: str, *, broken: bool) -> None:
    """The shipped weights under another name; broken: those of every second n-gram are lost."""
    weights = load_weights(SHIPPED)
    table = weights.table.copy()
    if broken:
        table[np.arange(len(table)) % 8 != 0] = 0
    meta = replace(weights.meta, name=name)
    save_weights(replace(weights, table=table, meta=meta), house.models.folder / name)


def test_a_worse_model_is_named_and_cannot_be_used(
    house: House, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_model(house, "fast-bad", broken=True)
    assert compare_models(house, data, "fast-bad") > 0
    said = capsys.readouterr().out
    assert "不如正在使用的模型，不应启用" in said
    assert "事项准确率" in said
    with pytest.raises(MinshengError, match="--force"):
        use_model(house, "fast-bad", force=False)
    use_model(house, "fast-bad", force=True)
    list_models(house)
    said = capsys.readouterr().out
    assert "对照 encoder-" in said
    assert "未通过比较，强制" in said
    with house.ledger.read() as tx:
        assert [(one.what, one.detail) for one in tx.audit.find(1)] == [("model.use", "未通过比较，强制启用")]


def test_an_equal_model_passes_is_used_and_rolled_back(
    house: House, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_model(house, "fast-same", broken=False)
    assert compare_models(house, data, str(house.models.folder / "fast-same")) == 0
    assert "可以启用" in capsys.readouterr().out
    judging = house.judge()
    post = Post("p", "b", "message", "", "虚构工地拖欠工资三个月", NOW, NOW)
    before = judging([post])[0].judgement.model
    use_model(house, "fast-same", force=False)
    assert judging([post])[0].judgement.model == "fast-same"  # a running process follows
    roll_back(house)
    assert judging([post])[0].judgement.model == before
    assert "已退回 shipped" in capsys.readouterr().out


def test_corrections_that_were_held_back_are_compared_on(
    house: House, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The broken model is right on what it was corrected to and wrong on the rest: the development set tells."""
    make_model(house, "fast-bad", broken=True)
    posts = [
        Post(f"p{n}", "b", "message", "", f"虚构的第{n}条，拖欠工资三个月，一共三万元", NOW, NOW) for n in range(60)
    ]
    judged = house.judge(house.model_folder())(posts)
    held = [one for one in judged if is_held_back(alone(one))]
    house.archive.upsert([alone(one) for one in judged])
    with house.ledger.begin() as tx:
        tx.corrections.add([Correction(one.post.id, "topic", "wages", "x", "w", NOW) for one in judged])
    compare_models(house, data, "fast-bad")
    assert f"保留的人工改正 {len(held)} 条" in capsys.readouterr().out


def alone(judged: Judged) -> Judged:
    return replace(judged, judgement=replace(judged.judgement, near_copy_of=""))


def test_the_setting_wins_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env = {"MINSHENG_DATA": str(tmp_path / "data"), "MINSHENG_JUDGE__MODEL": str(SHIPPED)}
    house = open_house(env, now=lambda: NOW)
    make_model(house, "fast-same", broken=False)
    use_model(house, "fast-same", force=False)
    list_models(house)
    said = capsys.readouterr().out
    assert house.model_folder() == SHIPPED
    assert "这次的选择暂不生效" in said
    assert "它优先于这里的选择" in said
    assert "没有与使用中的模型比较过" in said
    house.close()


def test_a_folder_that_holds_no_model_cannot_be_used(house: House) -> None:
    make_model(house, "fast-half", broken=False)
    (house.models.folder / "fast-half" / "model.npz").unlink()
    with pytest.raises(MinshengError, match="不能用"):
        use_model(house, "fast-half", force=False)
    with pytest.raises(MinshengError, match="既不是文件夹"):
        compare_models(house, house.data, "nothing")


def test_training_takes_what_staff_corrected_and_keeps_the_model_by_its_name(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[int] = []

    def train(data: Path, folder: Path, more: Sequence[object] = ()) -> Weights:
        given.append(len(more))
        weights = load_weights(SHIPPED)
        save_weights(weights, folder)
        return weights

    monkeypatch.setattr("classify.train.train", train)
    judged = house.judge()([Post("p2", "b", "message", "", "虚构工地拖欠工资三个月", NOW, NOW)])
    assert not is_held_back(judged[0])
    house.archive.upsert(judged)
    with house.ledger.begin() as tx:
        tx.corrections.add([Correction("p2", "topic", "wages", "x", "w", NOW)])
    train_model(house, tmp_path, None)
    train_model(house, tmp_path, tmp_path / "out", corrections=False)
    assert given == [1, 0]
    name = load_weights(SHIPPED).meta.name
    assert house.models.names() == ["shipped", name]
    assert sorted(path.name for path in house.models.folder.iterdir()) == [name]
    assert f"minsheng model use {name}" in capsys.readouterr().out
    assert (tmp_path / "out" / "meta.json").is_file()


def test_the_model_in_use_is_scored(house: House, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    score_model(house, data)
    assert '"set": "written_dev", "posts": 120' in capsys.readouterr().out
