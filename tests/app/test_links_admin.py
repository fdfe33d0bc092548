"""The links of a case on the command line: listed, and one taken back."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from alerts.ledger.office_links import SentLink
from alerts.links import OfficeLink, name_of
from app.cli_links import links
from app.wire import House
from stream.errors import MinshengError
from tests.alerts.mailing import NOW, make_case

CASE = make_case()
LINK = OfficeLink(CASE.id, "renshe", NOW)


@pytest.fixture(autouse=True)
def house(house_with_case: House) -> House:
    with house_with_case.ledger.begin() as tx:
        tx.links.add([SentLink(name_of(LINK), CASE.id, "renshe", NOW, "m1")])
    return house_with_case


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
