"""A process that delivers what is due: `python -m tests.contract.sender URL BOOK MINUTES [mine|sent]`.

Each mail that goes out is a line of BOOK: the alerts' ids, then the mail's id. With `mine` it kills itself when it is
about to send its first mail, with `sent` just after.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from alerts.deliver import deliver_once
from alerts.ledger import Ledger
from alerts.notify.notice import Notice, OfficeAddress
from tests.alerts.mailing import NOW, make_catalog, make_judged


@dataclass
class Book:
    path: Path
    dies: str

    def send(
        self, office: OfficeAddress, notices: Sequence[Notice], now: datetime, mail_id: str = ""
    ) -> Mapping[str, str]:
        if self.dies == "mine":
            os.kill(os.getpid(), signal.SIGKILL)
        line = " ".join([*(notice.alert.id for notice in notices), mail_id])
        with self.path.open("ab", buffering=0) as file:
            file.write(f"{line}\n".encode())  # one write to the end of a file: lines of several processes stay whole
        if self.dies == "sent":
            os.kill(os.getpid(), signal.SIGKILL)
        return {}


def main(url: str, book: str, minutes: str, dies: str = "") -> None:
    with closing(Ledger(url)) as ledger:
        print("ready", flush=True)
        sys.stdin.read(1)  # so that all of them begin at once
        now = NOW + timedelta(minutes=float(minutes))
        print(deliver_once(ledger, make_judged, make_catalog(), Book(Path(book), dies), now).sent)


if __name__ == "__main__":
    main(*sys.argv[1:])
