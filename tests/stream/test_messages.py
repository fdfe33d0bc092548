from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.errors import Poison
from stream.messages import (
    Judged,
    Post,
    decode_judged,
    decode_post,
    encode_judged,
    encode_post,
    post_id,
)
from stream.packing import pack, unpack
from tests.stream.posts import judge, judgeds, post, posts


@given(posts)
def test_a_post_comes_back_from_its_bytes(one: Post) -> None:
    assert decode_post(encode_post(one)) == one


@given(judgeds)
def test_a_judged_post_comes_back_from_its_bytes_and_from_packed_ones(one: Judged) -> None:
    assert decode_judged(encode_judged(one)) == one
    assert unpack(pack(one)) == one
    assert pack(unpack(pack(one))) == pack(one)


def test_the_wire_is_json_with_a_version_and_utc_times() -> None:
    wire = json.loads(encode_post(post("a")))
    assert (wire["version"], wire["published_at"], wire["title"]) == (1, "2026-11-18T04:00:00Z", "关于a")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "telegram"}, "kind"),
        ({"published_at": "yesterday"}, "published_at"),
        ({"reply": {"text": 3}}, "reply.text"),
        ({"counts": {"likes": "many"}}, "counts.likes"),
        ({"title": None}, "title"),
    ],
)
def test_a_bad_field_is_poison_and_is_named(change: dict[str, object], field: str) -> None:
    wire = json.loads(encode_post(post("a"))) | change
    with pytest.raises(Poison, match=f"字段 {re.escape(field)}:"):
        decode_post(json.dumps(wire).encode())


def test_a_missing_field_is_poison_and_is_named() -> None:
    wire = json.loads(encode_judged(judge(post("a"))))
    del wire["judgement"]["place"]
    with pytest.raises(Poison, match=r"judgement\.place"):
        decode_judged(json.dumps(wire).encode())


@pytest.mark.parametrize("value", [b"", b"not json", b"\xff\xfe", b"[]", b"null", b'{"id": "a"'])
def test_bytes_that_are_no_post_are_poison(value: bytes) -> None:
    with pytest.raises(Poison, match="记录无法解析"):
        decode_post(value)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_poison(value: bytes) -> None:
    with pytest.raises(Poison):
        decode_judged(value)


def test_the_text_of_a_bad_post_is_not_in_the_message() -> None:
    wire = json.loads(encode_post(post("a"))) | {"kind": "我的电话是一三八"}
    with pytest.raises(Poison) as raised:
        decode_post(json.dumps(wire).encode())
    assert "一三八" not in str(raised.value)


@given(st.text(), st.text())
def test_an_id_is_stable_and_parts_source_from_key(source: str, key: str) -> None:
    clean = source.encode(errors="replace").decode(), key.encode(errors="replace").decode()
    assert post_id(*clean) == post_id(*clean)
    assert re.fullmatch("[0-9a-f]{24}", post_id(*clean))
    assert post_id(*clean) != post_id(*clean[:1], clean[1] + "x")
