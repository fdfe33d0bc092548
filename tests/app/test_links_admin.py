"""The links of a case on the command line: listed, and one taken back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from alerts.ledger.office_links import SentLink
from alerts.links import OfficeLink, name_of
from app.cli_links import links
from app.wire import House, open_house
from stream.errors import MinshengError
from tests.alerts.mailing import NOW, make_action, make_case, make_event

CASE = make_case()
LINK = OfficeLink(CASE.id, "renshe", NOW)


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    for name in [name for name in os.environ if name.startswith("MINSHENG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MINSHENG_DATA", str(tmp_path))
    with closing(open_house(os.environ)) as house:
        with house.ledger.begin() as tx:
            tx.events.save([make_event()], {})
            tx.cases.open(CASE, make_action(CASE))
            tx.links.add([SentLink(name_of(LINK), CASE.id, "renshe", NOW, "m1")])
        yield house


def said(*arguments: str) -> str:
    result = CliRunner().invoke(links, arguments)
    return str(result.exception) if isinstance(result.exception, MinshengError) else result.output


def test_a_link_is_listed_revoked_and_listed_as_revoked(house: House) -> None:
    assert f"{name_of(LINK)}  2026-11-25 14:30  人力资源和社会保障局  有效期内可用" in said("list", CASE.number)
    assert "已作废" in said("revoke", name_of(LINK), "--reason", "误转发")
    assert "作废: 误转发" in said("list", CASE.number)
    assert "已经作废过" in said("revoke", name_of(LINK), "--reason", "误转发")
    with house.ledger.read() as tx:
        (entry,) = [one for one in tx.audit.find() if one.what == "link.revoke"]
    assert (entry.target, entry.detail) == (CASE.number, f"{name_of(LINK)}: 误转发")


def test_a_pasted_address_is_revoked_though_no_book_knows_it(house: House) -> None:
    signer = house.post_office.links
    assert signer is not None
    now = house.now()
    address = signer.address("https://town.example", CASE.id, "zhujian", now)
    assert "住房和城乡建设局" in said("revoke", address, "--reason", "误转发")
    with house.ledger.read() as tx:
        assert [(one.office, one.revoked_at is None) for one in tx.links.of_case(CASE.id)] == [
            ("zhujian", False),
            ("renshe", True),
        ]


@pytest.mark.parametrize("what", ["nonsense", "https://town.example/office?link=a.b", ""])
def test_what_is_no_link_of_ours_is_refused_and_says_how_to_find_one(what: str) -> None:
    assert "minsheng links list" in said("revoke", what, "--reason", "误转发")


def test_a_case_without_links_and_no_case_at_all() -> None:
    assert "没有编号为" in said("list", "MS-20260101-0001")
    assert "须写明理由" in said("revoke", name_of(LINK), "--reason", " ")
