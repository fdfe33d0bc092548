"""Office ids -> addresses, from the catalog."""

from __future__ import annotations

from alerts.notify.notice import OfficeAddress
from configs.catalog import Catalog


def office_address(catalog: Catalog, office_id: str) -> OfficeAddress | None:
    """Where "renshe" or the branch "renshe@330109" is written to; None when the catalog does not know the office.

    A branch that is not configured (any more) is written to at the office it belongs to.
    """
    key, _, region = office_id.partition("@")
    office = catalog.office.get(key)
    if office is None:
        return None
    for branch in office.branches:
        if branch.region == region:
            return OfficeAddress(office_id, branch.name, branch.emails, branch.deputies)
    return OfficeAddress(office_id, office.name, office.emails, office.deputies)


def office_superior(catalog: Catalog, office_id: str) -> str:
    """The key of the office that is told when this one's clocks run out; "" if there is none."""
    office = catalog.office.get(office_id.partition("@")[0])
    return (office.superior or "") if office else ""
