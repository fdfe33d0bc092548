"""Channels that carry alerts to offices: `Email` over SMTP, `OutboxFolder` as .eml files."""

from alerts.notify.email import Email
from alerts.notify.notice import Letterhead, Notice, Notifier, OfficeAddress, Quote
from alerts.notify.outbox import OutboxFolder

__all__ = ["Email", "Letterhead", "Notice", "Notifier", "OfficeAddress", "OutboxFolder", "Quote"]
