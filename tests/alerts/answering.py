"""Invented mails that come in."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

MAIL = "ab" * 16
OURS = f"<{MAIL}@minsheng.town.example>"


def reply(
    text: str = "已派人到工地核实，拖欠工资将于周五发放。",
    *,
    sender: str = "renshe@town.example",
    to: str = OURS,
    subject: str = "回复：【舆情预警】云溪苑工地拖欠三十人工资",
    number: int = 1,
    files: tuple[tuple[str, bytes], ...] = (),
    html: str = "",
    **headers: str,
) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, "minsheng@town.example", subject
    message["Message-ID"] = f"<answer-{number}@office.example>"
    if to:
        message["In-Reply-To"] = message["References"] = to
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(html or text, subtype="html" if html else "plain")
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def bounce(
    address: str = "renshe@town.example", *, action: str = "failed", status: str = "5.1.1", number: int = 1
) -> bytes:
    """As RFC 3464 has it, with the headers of the mail that came back."""
    return f"""From: MAILER-DAEMON@town.example
To: minsheng@town.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-{number}@town.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I could not deliver it.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; town.example

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user here

--b
Content-Type: text/rfc822-headers

Message-ID: {OURS}
Subject: hidden

--b--
""".replace("\n", "\r\n").encode()
