"""What the ledger must do on every database. A backend's test module imports this class and gives it one fixture:

`url`: the address of an empty database.
"""

from __future__ import annotations

from tests.contract.ledger_cases import CasesContract
from tests.contract.ledger_corrections import CorrectionsContract
from tests.contract.ledger_delivery import DeliveryContract
from tests.contract.ledger_events import EventsContract
from tests.contract.ledger_notices import NoticesContract
from tests.contract.ledger_silences import SilencesContract
from tests.contract.ledger_tallies import TalliesContract


class LedgerContract(
    EventsContract,
    CasesContract,
    NoticesContract,
    CorrectionsContract,
    SilencesContract,
    DeliveryContract,
    TalliesContract,
):
    """All of it."""
