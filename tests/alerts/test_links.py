"""Signed links: what a good one says, and that nothing else is one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.links import Links, OfficeLink

NOW = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
LINKS = Links(b"a secret of the house", days=30)
TOKEN = LINKS.make("case-1", "renshe@330109", NOW)


def test_a_good_link_says_case_office_and_when() -> None:
    assert LINKS.read(TOKEN, NOW + timedelta(days=30)) == OfficeLink("case-1", "renshe@330109", NOW)


def test_an_old_link_is_expired() -> None:
    assert LINKS.read(TOKEN, NOW + timedelta(days=30, seconds=1)) == "expired"


def test_another_series_voids_what_was_made_before() -> None:
    assert Links(b"a secret of the house", days=30, series="2").read(TOKEN, NOW) == "bad"


def test_another_house_has_other_links() -> None:
    assert Links(b"another secret", days=30).read(TOKEN, NOW) == "bad"


def test_a_link_from_the_future_is_none_but_clocks_may_differ() -> None:
    assert LINKS.read(TOKEN, NOW - timedelta(hours=1)) == "bad"
    assert LINKS.read(TOKEN, NOW - timedelta(minutes=5)) != "bad"


def test_there_are_no_links_without_a_secret() -> None:
    with pytest.raises(ValueError, match="secret"):
        Links(b"", days=30)


def test_the_address_holds_nothing_that_must_be_written_otherwise() -> None:
    address = LINKS.address("https://desk.example/app/", "case-工", "renshe", NOW)
    assert address.startswith("https://desk.example/app/office?link=")
    token = address.partition("link=")[2]
    assert LINKS.read(token, NOW) == OfficeLink("case-工", "renshe", NOW)


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_a_link_with_one_other_character_is_bad(place: int, other: str) -> None:
    changed = TOKEN[:place] + other + TOKEN[place + 1 :]
    assert (LINKS.read(changed, NOW) == "bad") == (changed != TOKEN)


@given(st.text(max_size=700))
def test_no_other_text_is_a_link(text: str) -> None:
    assert LINKS.read(text, NOW) == "bad"


@pytest.mark.parametrize(
    "text", ["", ".", "a.b", "AAAA.AAAA", f"{TOKEN}=", f"{TOKEN}.", f".{TOKEN}", TOKEN.partition(".")[0]]
)
def test_what_nearly_is_a_link_is_none(text: str) -> None:
    assert LINKS.read(text, NOW) == "bad"
