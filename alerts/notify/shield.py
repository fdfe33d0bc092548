"""What an office may be shown of an event in which posts accuse it: never those posts, nor a title taken from them.

信访工作条例 (2022) art. 30: accusation material never goes to the person or unit it accuses. A branch is the same unit as
its office. In doubt nothing is shown: the office learns that there is a matter, and asks the staff on duty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from alerts.accused import accusation, accused_by, office_names, words
from alerts.ledger import Tx
from alerts.model import Alert, Case, Event
from configs.catalog import Catalog, Office
from stream.messages import Judged

ArchiveGet = Callable[[str], Judged | None]

READ_FOR_TITLE = 40  # accusing posts compared with a title; where there are more, no title is shown


@dataclass(frozen=True, slots=True)
class Shield:
    """Stands between an event and one office. `hidden` are the ids of the event's posts that accuse the office."""

    office: Office | None
    hidden: frozenset[str] = frozenset()

    def allows(self, judged: Judged) -> bool:
        """Reads the text too: a post may have reached the archive and not the event, or the office's names changed."""
        accused = self.office is not None and accused_by((self.office,), judged)
        return judged.post.id not in self.hidden and not accused

    def accuses(self, text: str) -> bool:
        return self.office is not None and accusation(self.office, text) is not None


def shield_for(tx: Tx, catalog: Catalog, alert: Alert) -> Shield:
    """The shield between what the alert tells of and the office that it goes to."""
    key = alert.office.partition("@")[0]
    hidden = tx.events.accusing(alert.event_id, key) if alert.event_id else frozenset[str]()
    return Shield(catalog.office.get(key), hidden)


def without_accusations(
    shield: Shield, archive_get: ArchiveGet, alert: Alert, case: Case | None, event: Event | None, neutral: str
) -> tuple[Alert, Case | None, Event | None]:
    """The same three, with `neutral` for every title that may come from an accusing post, and without their ids."""
    accusing = _accusing_texts(shield, archive_get)

    def fit(title: str) -> str:
        return title if _may_show(shield, accusing, title) else neutral

    alert = replace(alert, title=fit(alert.title), posts=_shown(shield, alert.posts))
    if case is not None:
        case = replace(case, title=fit(case.title), why=_why(shield.office, case.why))
    if event is not None:
        keywords = event.keywords if not shield.hidden else ()
        shown = _shown(shield, event.representatives)
        event = replace(event, title=fit(event.title), representatives=shown, keywords=keywords)
    return alert, case, event


def _accusing_texts(shield: Shield, archive_get: ArchiveGet) -> tuple[str, ...] | None:
    """The accusing posts' bare texts; None when they are too many, or one cannot be read any more."""
    if len(shield.hidden) > READ_FOR_TITLE:
        return None
    found = [archive_get(post_id) for post_id in sorted(shield.hidden)]
    return None if None in found else tuple(_bare(f"{one.post.title}\n{one.post.text}") for one in found if one)


def _may_show(shield: Shield, accusing: Sequence[str] | None, title: str) -> bool:
    if accusing is None or shield.accuses(title):
        return False
    bare = _bare(title)
    return not any(bare in text for text in accusing)


def _bare(text: str) -> str:
    """Only letters and digits: a title made from a text differs from it in spaces, marks and where it was cut."""
    return re.sub(r"[\W_]+", "", text)


def _shown(shield: Shield, post_ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(one for one in post_ids if one not in shield.hidden)


def _why(office: Office | None, why: tuple[str, ...]) -> tuple[str, ...]:
    """The grounds of the dispatch quote an accusation; whoever is accused is not told of it, nor that it was passed by."""
    if office is None:
        return why
    names = office_names(office)
    naming = {line for line in why if any(name in line for name in names)}
    return tuple(line for line in why if line not in naming) if any(words().source in line for line in naming) else why
