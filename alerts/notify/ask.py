"""The one mail that answers a mail: which of several cases is meant?"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from alerts.mail_reading import Incoming
from alerts.notify.clean import clean_line, clip
from alerts.notify.notice import Letterhead
from alerts.notify.templates import render
from configs.catalog import SHANGHAI


def which_case(
    letterhead: Letterhead, mail: Incoming, numbers: Sequence[str], now: datetime
) -> tuple[EmailMessage, str]:
    """The mail, and the address that it goes to. Asked again about the same mail it has the same Message-ID."""
    to = letterhead.redirect_to or mail.sender
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("民声", addr_spec=letterhead.sender)
    message["To"] = [Address(addr_spec=to)]
    message["Subject"] = clip(f"请写明案件编号：{clean_line(mail.subject)}", 80)
    message["Date"] = now.astimezone(SHANGHAI)
    own = hashlib.sha256(f"which case {mail.id}".encode()).hexdigest()[:32]
    message["Message-ID"] = letterhead.message_id(own)
    if mail.message_id:
        message["In-Reply-To"] = mail.message_id
    message["Auto-Submitted"] = "auto-replied"  # RFC 3834: whoever gets this must not answer by program
    message.set_content(render("which_case.txt.j2", {"numbers": numbers, "demo": letterhead.demo}), cte="base64")
    return message, to
