from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.terms import MAX_TOKENS, Finder, fold, index_terms, parse, phrase_terms, term_prefix, tokens

# What search is about: Han of two planes, Latin and digits in both widths, other scripts, separators of all kinds.
mixed = st.text(st.sampled_from("工资水电𠮷々あアー가aB1２Ｋé_ ，。\"'*-\u3000\x00İΣ"), max_size=30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("拖欠工资", ["拖", "欠", "工", "资"]),
        ("ＫＴＶ包厢3号线", ["ktv", "包", "厢", "3", "号", "线"]),
        ("12345热线，5G a_b", ["12345", "热", "线", "5g", "a", "b"]),
        ("86.5万元", ["86", "5", "万", "元"]),
        ("Über-Straße 한국 アパート", ["über", "straße", "한국", "アパート"]),
        ("，。！ \x00", []),
        ("", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_index_terms_are_pairs_and_the_last_token() -> None:
    assert index_terms("KTV噪声12345 a") == ["ktv_噪", "噪声", "声12345", "12345_a", "a_"]


@given(st.text(max_size=100))
def test_folding_keeps_every_offset(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(mixed)
def test_every_token_begins_a_term_and_every_pair_is_one(text: str) -> None:
    singles, terms = tokens(text), index_terms(text)
    assert len(terms) == len(singles)
    assert all(term.startswith(term_prefix((token,))) for token, term in zip(singles, terms, strict=True))
    assert [phrase_terms(pair) for pair in pairwise(singles)] == [[term] for term in terms[:-1]]


@given(mixed)
def test_different_tokens_never_share_the_beginning_of_a_term(text: str) -> None:
    """Else the index would find 12345 for 123."""
    for token, term in zip(tokens(text), index_terms(text), strict=True):
        others = set(tokens(text)) - {token}
        assert not any(term.startswith(term_prefix((other,))) for other in others)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("工资 拖欠", [("工", "资"), ("拖", "欠")]),
        ('"tap water" 工', [("tap", "water"), ("工",)]),
        ("“噪声 很大”", [("噪", "声", "很", "大")]),
        ('工资"拖欠', [("工", "资"), ("拖", "欠")]),
        ("工资 工资", [("工", "资")]),
        (' "" ，', []),
    ],
)
def test_parse(query: str, expected: list[tuple[str, ...]]) -> None:
    assert parse(query) == expected


@given(st.text(max_size=3_000))
def test_a_query_is_never_longer_than_the_limit(query: str) -> None:
    assert sum(map(len, parse(query * 5))) <= MAX_TOKENS


@given(mixed, mixed)
def test_the_finder_and_the_index_agree(text: str, query: str) -> None:
    """A text matches exactly when the terms of each word follow each other among the terms of the text."""
    terms = index_terms(text)
    runs = [
        [term_prefix(word)] if len(word) == 1 else phrase_terms(word)
        for word in parse(query)
    ]  # fmt: skip
    indexed = bool(runs) and all(
        any(term.startswith(run[0]) for term in terms)
        if len(word) == 1
        else any(terms[at : at + len(run)] == run for at in range(len(terms)))
        for word, run in zip(parse(query), runs, strict=True)
    )
    assert Finder(query).matches("", text) == indexed


@given(mixed, mixed)
def test_spans_are_in_order_apart_and_hold_the_words(text: str, query: str) -> None:
    finder = Finder(query)
    spans = finder.spans(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(left[1] < right[0] for left, right in pairwise(spans))
    assert bool(spans) or not finder.matches("", text)


def test_spans_join_what_overlaps() -> None:
    text = "哈哈哈，工资资料"
    found = [text[start:end] for start, end in Finder("哈哈 工资 资").spans(text)]
    assert found == ["哈哈哈", "工资资"]
