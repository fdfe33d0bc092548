"""What staff edit, as checked values: topics, offices, routes, rules, clocks, regions, sources, calendar.

Every model is frozen and refuses unknown keys. `configs/loader.py` reads the YAML files into a Catalog and names file and
line of whatever is wrong; the checks that need two files (a route that names no office) are in `configs/crosscheck.py`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from configs.country import Atlas, Division
from configs.quiet import Quiet

SHANGHAI = ZoneInfo("Asia/Shanghai")

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_][a-z0-9_.-]*$")]
Code = Annotated[str, StringConstraints(pattern=r"^\d{6}$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$")]
Severity = Annotated[int, Field(ge=1, le=4)]
Hours = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Topic(Strict):
    """A field of public matters. `area` is the policy area it counts under in the weekly figures."""

    key: Key
    name: str
    short: str
    area: str = "其他"
    keywords: tuple[str, ...] = ()


class Branch(Strict):
    """The same office in one county or city, with addresses of its own."""

    region: Code
    name: str
    emails: tuple[Email, ...] = Field(min_length=1)
    deputies: tuple[Email, ...] = ()


class Office(Strict):
    """A responsible office: who is written to. `superior` is the office key that is told when clocks run out.

    `aliases`: what people call it besides name and short (环保局, 派出所), to tell when a post accuses the office itself.
    `label`: the key under which `minsheng route` names an office that the annotation guide does not know; "": its own.
    """

    key: Key
    name: str
    short: str
    emails: tuple[Email, ...] = Field(min_length=1)
    deputies: tuple[Email, ...] = ()
    superior: Key | None = None
    hours: Hours = "08:30-17:30"
    branches: tuple[Branch, ...] = ()
    aliases: tuple[str, ...] = ()
    label: Key | Literal[""] = ""
    chats: tuple[SecretStr, ...] = ()  # its group bots; who has the address can write there


class Match(Strict):
    """Conditions of a route or rule; all that are given must hold, within a list any. Empty: always."""

    topics: tuple[Key, ...] = ()
    offices: tuple[Key, ...] = ()  # the classifier's office hint
    regions: tuple[Code, ...] = ()  # a city code also matches its counties
    sources: tuple[Key, ...] = ()
    kinds: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    sentiments: tuple[str, ...] = ()
    severity_min: Severity = 1
    words: tuple[str, ...] = ()  # any of them in title or text
    without: tuple[str, ...] = ()  # none of them in title or text


class Route(Strict):
    """A node of the dispatch tree. Children are tried in order; the first that matches wins, else this node itself.

    `lead` "@hint" takes the classifier's office hint. Children inherit lead, helps, basis and clocks where they give none.
    """

    key: Key
    name: str = ""
    match: Match = Match()
    lead: str = ""
    helps: tuple[Key, ...] = ()
    basis: str = ""
    source: str = ""
    clocks: Key | None = None
    routes: tuple[Route, ...] = ()


class Extension(Strict):
    """How far a clock may be put off: `times`, each by at most so many hours or working days (exactly one of them)."""

    times: int = Field(default=1, ge=1)
    hours: float | None = Field(default=None, gt=0)
    working_days: int | None = Field(default=None, gt=0)
    source: str = ""  # what allows it; "": the clock's own source


class Clock(Strict):
    """A deadline. Exactly one of hours (wall clock) and working_days. `local` marks an editable local default.

    `pauses`: it stands still while the case is objected to. `extension` None: it cannot be put off.
    """

    key: Key
    name: str
    hours: float | None = Field(default=None, gt=0)
    working_days: int | None = Field(default=None, gt=0)
    source: str
    local: bool = False
    due_soon_hours: float = Field(default=2, ge=0)
    done_by: tuple[str, ...] = ("answer", "close")  # the action verbs that stop it
    pauses: bool = True
    extension: Extension | None = None


class ClockSet(Strict):
    """Which clocks start together. Of each part the first set whose conditions hold is taken; no clocks: none of that part.

    report, respond and handle start when a case opens, growth when its posts grow fast, object when its office objects.
    """

    key: Key
    name: str
    part: Literal["report", "respond", "handle", "growth", "object"] = "respond"
    clocks: tuple[Key, ...]
    grades: tuple[str, ...] = ()  # event grades; empty: any
    severity_min: Severity = 1
    intents: tuple[str, ...] = ()  # what most posts of the event want
    topics: tuple[Key, ...] = ()
    offices: tuple[Key, ...] = ()  # of the office that leads


class Step(Strict):
    """A level that is told of a deadline, so long after it came near or ran out."""

    to: Literal["office", "deputy", "superior", "government"]
    after_hours: float = Field(default=0, ge=0)


class Ladder(Strict):
    """Who is told, level by level, for cases of at least `severity_min`."""

    severity_min: Severity = 1
    due_soon: tuple[Step, ...] = (Step(to="office"),)
    overdue: tuple[Step, ...] = (
        Step(to="office"),
        Step(to="deputy", after_hours=2),
        Step(to="superior", after_hours=8),
        Step(to="government", after_hours=24),
    )


class FollowUp(Strict):
    """How a case is followed up. The first ladder whose `severity_min` holds is taken.

    `government`: the office key of the last level; None: the top of the office's superiors. `acknowledged_hours`: how long
    an acknowledgement holds the higher levels back. `relapse_days`: how long after closing a new complaint is a relapse.
    """

    government: Key | None = None
    acknowledged_hours: float = Field(default=24, ge=0)
    relapse_days: int = Field(default=30, ge=1)
    ladders: tuple[Ladder, ...] = (Ladder(),)


EVENT_RULES = ("grave", "threshold", "growth")  # tried when an event gets new posts, see alerts/rules.py
GROUP_RULES = ("spike", "sentiment")  # tried against counts in time windows, see alerts/rules_windows.py
SOURCE_RULES = ("source_silent",)


class Rule(Strict):
    """When an event becomes a case and an alert goes out. `kind` names the test, see `alerts/rules.py`.

    grave: one post of at least `severity`; threshold: `posts` posts (from `sources` sources) within `window_hours`;
    growth: `posts` new posts within `window_hours` and `factor` times the window before; spike: at least `posts` posts of a
    group (`by`), more than `deviations` above what is usual in the same hours of the past `weeks`, `alike` of them of one
    event; sentiment: the same of the share of negative posts; new_term: a key word of `posts` posts of `alike` events that
    the weeks before did not have; source_silent: a source without a post where `posts` are usual. `to`: who is told of
    what has no case, the duty room or the lead of the topic's route.
    """

    key: Key
    name: str
    kind: Literal["grave", "threshold", "growth", "spike", "sentiment", "new_term", "source_silent"]
    enabled: bool = True
    match: Match = Match()
    by: tuple[Literal["topic", "county", "source", "severity"], ...] = ()
    severity: Severity = 4
    posts: int = Field(default=3, ge=1)
    sources: int = Field(default=1, ge=1)
    window_hours: float = Field(default=72, gt=0)
    factor: float = Field(default=2, ge=1)
    weeks: int = Field(default=8, ge=2, le=26)
    deviations: float = Field(default=3, gt=0)
    alike: int = Field(default=1, ge=1)
    opens_case: bool = True
    to: Literal["duty", "lead"] = "duty"


class County(Strict):
    code: Code
    name: str
    aliases: tuple[str, ...] = ()
    towns: tuple[str, ...] = ()


class City(Strict):
    code: Code
    name: str
    aliases: tuple[str, ...] = ()
    counties: tuple[County, ...] = ()


class Province(Strict):
    code: Code
    name: str
    aliases: tuple[str, ...] = ()
    cities: tuple[City, ...] = ()


class Source(Strict):
    """One place that is crawled. `kind` picks the spider; `fields` are its selectors, see `crawlers/`.

    `publishes` is the Post kind of its items. `delay` is seconds between two requests to the site, `every` minutes between
    two visits. `allow_loopback` lets the spider reach 127.0.0.1 and is for the demo town alone.
    """

    key: Key
    name: str
    kind: Literal["board", "forum", "news", "rss", "sheet"]
    url: str = Field(pattern=r"^https?://")
    publishes: Literal["message", "hotline", "forum", "social", "comment", "news"]
    enabled: bool = False
    region: Code | None = None
    delay: float = Field(default=2.0, ge=0)
    every: float = Field(default=10.0, gt=0)
    max_pages: int = Field(default=20, ge=1)
    fields: Mapping[str, str] = Field(default_factory=dict)
    backfill_hours: float = Field(default=72.0, gt=0)
    allow_loopback: bool = False
    note: str = ""


class Calendar(Strict):
    """Days that differ from the library's calendar: `holidays` are off, `workdays` are worked."""

    holidays: tuple[date, ...] = ()
    workdays: tuple[date, ...] = ()


class Sheet(Strict):
    """How a spreadsheet's headers map to Post fields: field -> the header names that mean it, best first."""

    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...] = ("text", "published_at")


class Catalog(Strict):
    """Everything in configs/ but the settings."""

    topics: tuple[Topic, ...]
    offices: tuple[Office, ...]
    routes: Route
    rules: tuple[Rule, ...]
    clocks: tuple[Clock, ...]
    clock_sets: tuple[ClockSet, ...]
    follow_up: FollowUp = FollowUp()
    provinces: tuple[Province, ...]
    sources: tuple[Source, ...]
    calendar: Calendar
    quiet: Quiet = Quiet()
    sheet: Sheet
    country: tuple[Division, ...] = ()  # of the whole country, see configs/country.py

    @cached_property
    def topic(self) -> Mapping[str, Topic]:
        return {topic.key: topic for topic in self.topics}

    @cached_property
    def office(self) -> Mapping[str, Office]:
        return {office.key: office for office in self.offices}

    @cached_property
    def source(self) -> Mapping[str, Source]:
        return {source.key: source for source in self.sources}

    @cached_property
    def routes_text(self) -> str:
        """The dispatch tree written out, the same for the same tree however its file is laid out."""
        return self.routes.model_dump_json(exclude_defaults=True)

    @cached_property
    def routes_version(self) -> str:
        """The first 12 digits of the SHA-256 of `routes_text`: a change of any rule is another version."""
        return hashlib.sha256(self.routes_text.encode()).hexdigest()[:12]

    @cached_property
    def region_names(self) -> Mapping[str, str]:
        """Division code -> full name as people write it: 330106 -> 杭州市西湖区, 330100 -> 杭州市, 330000 -> 浙江省."""
        names = {}
        for province in self.provinces:
            names[province.code] = province.name
            for city in province.cities:
                names[city.code] = city.name
                names.update({county.code: city.name + county.name for county in city.counties})
        return names

    @cached_property
    def atlas(self) -> Atlas:
        """Every known division, those outside the configured area too."""
        return Atlas(self.provinces, self.country)

    def place_name(self, code: str) -> str:
        """As `region_names`, also for a division outside the configured area; "" if unknown."""
        return self.region_names.get(code) or self.atlas.full_name(code)

    def office_name(self, office_id: str) -> str:
        """The name to show for "renshe" or, for a branch, "renshe@330109"; the id itself if it is not configured."""
        key, _, region = office_id.partition("@")
        office = self.office.get(key)
        if office is None:
            return office_id
        return next((branch.name for branch in office.branches if branch.region == region), office.name)


def region_within(code: str, region: str) -> bool:
    """Whether a division lies in another (330106 in 330100 and in 330000); "" lies in none, everything lies in ""."""
    return code.startswith(re.sub(r"(00){1,2}$", "", region))
