from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.urls import is_web, normalise


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HTTP://Example.org/a", "http://example.org/a"),
        ("http://example.org", "http://example.org/"),
        ("http://example.org:80/a", "http://example.org/a"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("http://example.org/a#reply", "http://example.org/a"),
        ("http://example.org/a?b=2&a=1", "http://example.org/a?a=1&b=2"),
        ("http://example.org/a?id=1&utm_source=x&spm=a.b&share_token=9", "http://example.org/a?id=1"),
        ("http://example.org/a;jsessionid=AB12?id=1", "http://example.org/a?id=1"),
        ("http://example.org/留言", "http://example.org/%E7%95%99%E8%A8%80"),
    ],
)
def test_one_page_has_one_address(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://example.org/a?id=1", "http://example.org/a?id=2"),
        ("http://example.org/a", "http://example.org/A"),
        ("http://example.org/a", "https://example.org/a"),
        ("http://example.org:8080/a", "http://example.org/a"),
        ("http://example.org/a?q=", "http://example.org/a"),
    ],
)
def test_two_pages_have_two(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@given(st.text(alphabet="abc/?&=#%;:.中 +", max_size=30))
def test_normalising_twice_changes_nothing(tail: str) -> None:
    once = normalise("http://example.org/" + tail)
    assert normalise(once) == once


def test_only_the_web_is_followed() -> None:
    assert is_web("https://example.org")
    assert not any(map(is_web, ("javascript:void(0)", "mailto:a@b.c", "file:///etc/passwd", "", "ftp://example.org")))
