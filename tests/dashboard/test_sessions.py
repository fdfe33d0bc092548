"""Tokens of logins: random, kept as hashes, and at an end after their time, a logout or a restart."""

from datetime import UTC, datetime, timedelta

from dashboard.sessions import Session, Sessions

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
HOURS = timedelta(hours=12)


def test_a_token_leads_to_its_login_until_its_time_is_over() -> None:
    sessions = Sessions(HOURS)
    token = sessions.open("lihua", NOW)
    assert sessions.find(token, NOW + HOURS) == Session("lihua", NOW)
    assert sessions.find(token, NOW + HOURS + timedelta(seconds=1)) is None


def test_a_closed_or_made_up_token_leads_nowhere() -> None:
    sessions = Sessions(HOURS)
    token = sessions.open("lihua", NOW)
    sessions.close(token)
    assert sessions.find(token, NOW) is None
    assert sessions.find("made up", NOW) is None
    assert Sessions(HOURS).find(token, NOW) is None


def test_tokens_differ_and_are_not_kept_themselves() -> None:
    sessions = Sessions(HOURS)
    first, second = sessions.open("lihua", NOW), sessions.open("lihua", NOW)
    assert first != second
    assert first not in repr(vars(sessions))
