"""Training on a local Hugging Face folder, the whole way: fit, export, gate, card, and judging with what was made.

Tiny random models: what they answer is chance, but every step is the real one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from classify.cascade import GATE, Cascade, Gate
from classify.encoder.plan import Plan
from classify.encoder.serve import META, Encoder, read_meta
from classify.fast import SHIPPED, FastModel
from classify.weights import HEADS
from stream.messages import Post
from tests.classify.tiny import make_base, make_data

torch = pytest.importorskip("torch", reason="training an encoder needs torch: ./minsheng setup --train")

from classify.encoder import export  # noqa: E402
from classify.encoder.network import Network, longest, read_encoder, split  # noqa: E402
from classify.encoder.train import read_tokenizer, tokenize_with, train  # noqa: E402

NOW = datetime(2026, 11, 25, tzinfo=UTC)
FAST = FastModel.load()
PLAN = Plan(epochs=1, tokens=48)
KINDS = {"bert": PLAN, "roberta": PLAN, "electra": Plan(epochs=1, frozen=1, tokens=48)}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("train-base")
    (folder / "ours").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("classify.labelled.OURS", folder / "ours")  # a few dozen posts are enough
        yield make_data(folder / "data", learn=60, score=40)


@pytest.fixture(scope="module", params=KINDS)
def trained(request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    base = make_base(folder / f"tiny-{request.param}", request.param)
    train(data, base, FAST, folder / "out", KINDS[request.param])
    return folder / "out"


def post(text: str, number: int = 0) -> Post:
    return Post(f"p{number}", "test", "message", "", text, NOW, NOW)


POSTS = [post("工地老板拖欠工资半年，一分钱没给", 1), post("同问，怎么还没动静", 2), post("脚手架倒了，两人死亡", 3)]


def test_what_was_trained_is_served_without_torch_and_gives_probabilities(trained: Path) -> None:
    encoder = Encoder.load(trained, threads=1)
    scores, said = encoder.read([""] * 3, [one.text for one in POSTS], ["message"] * 3)
    assert encoder.meta.labels == {head: list(FAST.labels[head]) for head in HEADS}
    for part in FAST.columns.values():
        assert np.allclose(scores[:, part].sum(axis=1), 1, atol=1e-4)
    assert [one.each.shape for one in said] == [(len(one.spans), scores.shape[1]) for one in said]


def test_a_post_gets_the_same_alone_and_beside_a_longer_one(trained: Path) -> None:
    encoder = Encoder.load(trained, threads=1)
    alone, _ = encoder.read([""], [POSTS[0].text], ["message"])
    beside, _ = encoder.read(["", ""], [POSTS[0].text, POSTS[0].text * 9], ["message"] * 2)
    assert np.allclose(alone[0], beside[0], atol=0.02)  # 8-bit sums are scaled over the whole batch


def test_the_temperatures_the_gate_and_the_card_are_written(trained: Path) -> None:
    meta, gate = read_meta(trained), Gate.load(trained)
    assert meta.temperature.keys() == set(HEADS)
    assert all(0.2 < heat < 5 for heat in meta.temperature.values())
    assert 0 < gate.sure < 1
    assert list(gate.cuts) == sorted(gate.cuts)
    card = (trained / "card.md").read_text(encoding="utf-8")
    assert f"# The encoder {meta.name}" in card
    assert f"Fine-tuned from `{meta.base}`, read to {meta.tokens} tokens" in card
    assert 0 < float(re.findall(r"differ by at most (\S+) in a logit", card)[0]) <= export.SAME
    assert all(f"| {head} | " in card for head in HEADS)


def test_the_cascade_judges_with_it(trained: Path) -> None:
    encoder = Encoder.load(trained, threads=1)
    judged = Cascade(FAST, encoder, Gate.load(trained), "transformer").judge(POSTS)
    assert {one.model for one in judged} == {f"{encoder.meta.name}+{FAST.name}"}
    assert judged[2].severity == 4  # the floor of the text, whatever a random model says
    for one, given in zip(judged, POSTS, strict=True):
        assert {f"topic:{one.topic}", f"office:{one.office.key}"} <= {reason.answer for reason in one.reasons}
        assert all(reason.phrase == given.text[reason.start : reason.end] for reason in one.reasons)


def test_a_student_of_fewer_layers_learns_from_a_teacher(trained: Path, data: Path, tmp_path: Path) -> None:
    told: list[str] = []
    plan, base = Plan(epochs=1, tokens=48, layers=(1,)), make_base(tmp_path / "base", "bert")
    train(data, base, FAST, tmp_path / "out", plan, (), told.append, [trained])
    assert any("老师先读 60 条有标注的" in line for line in told)
    assert len(read_encoder(base, plan.layers)[0].encoder.layer) == 1
    scores, _ = Encoder.load(tmp_path / "out", threads=1).read([""], ["拖欠工资"], [""])
    assert scores.shape == (1, sum(map(len, FAST.labels.values())))
    with pytest.raises(ValueError, match="只有 2 层"):
        train(data, base, FAST, tmp_path / "no", Plan(layers=(1, 2)))


@pytest.mark.parametrize("kind", KINDS)
def test_onnx_answers_as_torch_does(kind: str, tmp_path: Path) -> None:
    network, tokenizer = untrained(make_base(tmp_path / "base", kind))
    assert export.write_files(network, tokenizer, tmp_path / "out") < 1e-4
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"encoder.onnx", "tokenizer.json"}


def untrained(base: Path) -> tuple[Network, object]:
    torch.manual_seed(0)
    encoder, config = read_encoder(base)
    return Network(encoder, config.hidden_size, 7).eval(), read_tokenizer(base)


def test_an_export_that_answers_otherwise_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network, tokenizer = untrained(make_base(tmp_path / "base", "bert"))
    other = Network(network.encoder, network.heads.in_features, 7).eval()
    right = export.export_onnx
    monkeypatch.setattr(export, "export_onnx", lambda _, path: right(other, path))
    with pytest.raises(ValueError, match="导出的模型与训练出的模型答案不同"):
        export.write_files(network, tokenizer, tmp_path / "out")


def test_frozen_layers_and_the_layers_above_make_the_same_as_the_whole(tmp_path: Path) -> None:
    for kind in KINDS:
        encoder, _ = read_encoder(make_base(tmp_path / kind, kind))
        encoder.eval()
        below, above = split(encoder, 1)
        ids, mask = torch.randint(5, 50, (2, 9)), torch.ones((2, 9), dtype=torch.long)
        with torch.no_grad():
            whole = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
            half = below(input_ids=ids, attention_mask=mask).last_hidden_state
            both = above(inputs_embeds=half, attention_mask=mask).last_hidden_state
        assert torch.allclose(whole, both, atol=1e-5), kind


def test_no_more_tokens_are_read_than_the_model_has_positions_for(data: Path, tmp_path: Path) -> None:
    assert longest(read_encoder(make_base(tmp_path / "bert", "bert"))[0]) == 66
    assert longest(read_encoder(make_base(tmp_path / "roberta", "roberta"))[0]) == 65
    told: list[str] = []
    train(data, tmp_path / "roberta", FAST, tmp_path / "out", Plan(epochs=1, tokens=128), say=told.append)
    assert read_meta(tmp_path / "out").tokens == 65
    assert "roberta 至多读 65 个词元，按 65 个训练" in told
    long, _ = Encoder.load(tmp_path / "out", threads=1).read([""], ["停水三天了" * 60], ["message"])
    assert long.shape == (1, sum(map(len, FAST.labels.values())))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda base: (base / "config.json").unlink(), "没有 config.json，不是 Hugging Face 模型目录"),
        (lambda base: change(base, model_type="no-such-type"), "model_type = no-such-type.*不认得.*可用 BERT"),
        (lambda base: change(base, model_type=None), r"model_type = None.*不认得"),
        (lambda base: (base / "config.json").write_text("{"), r"model_type = \(不是 JSON\).*不认得"),
        (lambda base: (base / "model.safetensors").unlink(), "模型权重读不出来"),
        (lambda base: (base / "model.safetensors").write_bytes(b"\0" * 64), "模型权重读不出来"),
        (lambda base: change(base, num_hidden_layers=3), "权重文件缺少 16 个参数"),
    ],
)
def test_a_folder_that_holds_no_model_is_told_with_its_reason(tmp_path: Path, spoil: object, said: str) -> None:
    base = make_base(tmp_path / "base", "bert")
    assert callable(spoil)
    spoil(base)
    with pytest.raises((FileNotFoundError, ValueError), match=f"{re.escape(str(base))}.*{said}"):
        read_encoder(base)


def change(base: Path, **values: object) -> None:
    held = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps({**held, **values}))


@pytest.mark.parametrize("kind", ["distilbert", "gpt2"])
def test_a_model_of_another_build_is_told_with_those_that_can_be_used(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ValueError, match=f"model_type = {kind}，不是 BERT 一类的编码器，可用 BERT"):
        read_encoder(make_base(tmp_path / "base", kind))


def test_a_folder_without_a_tokenizer_is_told(tmp_path: Path) -> None:
    base = make_base(tmp_path / "base", "bert")
    for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json"):
        (base / name).unlink(missing_ok=True)
    with pytest.raises(ValueError, match=r"没有分词器，应有 tokenizer.json 或 vocab.txt"):
        tokenize_with(read_tokenizer(base))


def test_the_command_makes_a_pair_that_the_setting_picks(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from app.models import train_encoder
    from app.wire import open_house

    base = make_base(tmp_path / "tiny-bert", "bert")
    house = open_house({"MINSHENG_DATA": str(tmp_path / "data")}, now=lambda: NOW)
    train_encoder(house, data, base, None, corrections=False, epochs=1, tokens=32)
    house.close()
    told = capsys.readouterr().out
    (name,) = re.findall(r"模型 (encoder-\w{8}) 已写入", told)
    folder = tmp_path / "data" / "models" / name
    assert {path.name for path in folder.iterdir()} >= {"meta.json", "model.npz", "encoder"}
    assert {path.name for path in (folder / "encoder").iterdir()} >= {META, GATE, "card.md", "encoder.onnx"}
    env = {"MINSHENG_DATA": str(tmp_path / "other"), "MINSHENG_JUDGE__MODEL": str(folder)}
    chosen = open_house({**env, "MINSHENG_JUDGE__MODE": "transformer", "MINSHENG_JUDGE__THREADS": "1"})
    (judged,) = chosen.judge()([POSTS[0]])
    chosen.close()
    assert judged.judgement.model == f"{name}+{FastModel.load(SHIPPED).name}"


def test_the_command_tells_what_is_wrong_with_the_base(data: Path, tmp_path: Path) -> None:
    from app.models import train_encoder
    from app.wire import open_house
    from stream.errors import MinshengError

    house = open_house({"MINSHENG_DATA": str(tmp_path / "data")}, now=lambda: NOW)
    (tmp_path / "empty").mkdir()
    with pytest.raises(MinshengError, match=r"没有 config.json"):
        train_encoder(house, data, tmp_path / "empty", None, corrections=False)
    with pytest.raises(MinshengError, match="没有 labels/posts_train"):
        train_encoder(house, tmp_path, make_base(tmp_path / "b", "bert"), tmp_path / "out", corrections=False)
    assert not any((tmp_path / "data" / "models").glob("*"))
    house.close()
