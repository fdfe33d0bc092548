"""The whole main job on the embedded stores with the shipped model: raw posts in, mails to the right offices out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from alerts.ledger import AlertFilter, CaseFilter
from alerts.model import Case
from app.counters import Counter
from app.parts import deliver_round
from app.stages import SOURCES, make_stage
from app.wire import House, open_house
from stream.archive import Query
from stream.dead import list_dead, replay
from stream.messages import JUDGED, RAW, Judged
from stream.worker import Stage, run_once
from tests.flow.town_posts import CANTEEN, NOW, POISON, WAGES, make_posts, number, publish_all

POSTS = len(make_posts())
TOLD = [number(index) for index in range(len(WAGES))]
GRAVE, ADVERT, PRAISE, QUESTION = (number(len(WAGES) + index) for index in range(4))
WHEN = NOW + timedelta(minutes=2)  # what is told of one event has been collected
ORIGINAL, COPY = number(len(WAGES) + 4 + 3), number(POSTS - 1)


@dataclass(frozen=True)
class Flow:
    """The house after all posts went through, and its stages to go on with."""

    house: House
    stages: list[Stage]
    counter: Counter

    def work(self) -> None:
        for stage in self.stages:
            while run_once(stage, self.house.log, count=self.counter):
                pass

    def archived(self, post_id: str) -> Judged:
        found = self.house.archive.get(post_id)
        assert found is not None
        return found

    def events(self) -> dict[str, str]:
        with self.house.ledger.read() as tx:
            return tx.events.of_posts([number(index) for index in range(POSTS)])

    def case_of(self, post_id: str) -> Case:
        with self.house.ledger.read() as tx:
            case = tx.cases.by_event(tx.events.of_posts([post_id])[post_id])
        assert case is not None
        return case

    def mails(self) -> list[EmailMessage]:
        files = sorted(self.house.outbox.glob("*.eml"))
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    house = open_house({"MINSHENG_DATA": str(tmp_path_factory.mktemp("flow"))}, now=lambda: NOW)
    counter = house.counter("flow")
    flow = Flow(house, [make_stage(house, name, counter) for name in SOURCES], counter)
    publish_all(house.log)
    flow.work()
    deliver_round(house, WHEN, counter)
    counter.flush()
    yield flow
    house.log.close()
    house.ledger.close()


def test_every_post_is_archived(flow: Flow) -> None:
    page = flow.house.archive.search(Query(set_aside=None, limit=100))
    assert {hit.judged.post.id for hit in page.hits} == {number(index) for index in range(POSTS)}
    assert flow.house.archive.search(Query(text="云栖雅苑 工资")).total == len(WAGES)


def test_nothing_is_left_to_do(flow: Flow) -> None:
    assert [flow.house.log.lag(source, name) for name, source in SOURCES.items()] == [0, 0, 0]


def test_the_advert_is_set_aside_and_no_event(flow: Flow) -> None:
    assert flow.archived(ADVERT).judgement.set_aside == "advert"
    assert ADVERT not in flow.events()
    aside = flow.house.archive.search(Query(set_aside=True)).hits
    assert [hit.judged.post.id for hit in aside] == [ADVERT]


def test_the_planted_event_is_one_event_with_one_case_at_the_labour_office(flow: Flow) -> None:
    events = flow.events()
    assert len({events[post_id] for post_id in TOLD}) == 1
    assert {post_id for post_id, event in events.items() if event == events[TOLD[0]]} == set(TOLD)
    case = flow.case_of(TOLD[0])
    assert case.office == "renshe@330304"
    assert (case.state, case.region, case.topic) == ("dispatched", "330304", "wages")
    with flow.house.ledger.read() as tx:
        assert tx.cases.count(CaseFilter(topics=("wages",))) == 1


def test_its_clocks_run_from_now_and_each_names_its_source(flow: Flow) -> None:
    clocks = {clock.key: clock for clock in flow.case_of(TOLD[0]).clocks}
    assert {"report", "respond", "verify"} <= clocks.keys()
    assert clocks["respond"].due_at == NOW + timedelta(hours=48)
    assert all(NOW == clock.started_at <= clock.due_soon_at < clock.due_at for clock in clocks.values())
    assert all(clock.done_at is None and clock.source for clock in clocks.values())


def test_a_single_grave_post_is_a_case_at_the_food_office(flow: Flow) -> None:
    case = flow.case_of(GRAVE)
    assert (case.office.partition("@")[0], case.severity) == ("shichang", 4)
    assert case.title in CANTEEN[1]


@pytest.mark.parametrize(("post_id", "intent"), [(PRAISE, "praise"), (QUESTION, "ask")])
def test_praise_and_questions_are_no_case(flow: Flow, post_id: str, intent: str) -> None:
    assert flow.archived(post_id).judgement.intent.key == intent
    with flow.house.ledger.read() as tx:
        assert tx.cases.by_event(flow.events()[post_id]) is None


def test_the_near_copy_is_known_as_one_and_joins_its_original(flow: Flow) -> None:
    assert flow.archived(COPY).judgement.near_copy_of == ORIGINAL
    assert flow.events()[COPY] == flow.events()[ORIGINAL]


def test_each_office_has_one_mail_with_what_it_must_know(flow: Flow) -> None:
    with flow.house.ledger.read() as tx:
        alerts = tx.alerts.find(AlertFilter())
    sent = [alert for alert in alerts if alert.state == "sent"]
    assert {alert.state for alert in alerts} <= {"sent", "muted"}, "none is left waiting"
    mails = flow.mails()
    assert len(mails) == len({alert.office for alert in sent}), "one mail per office"
    told = "\n".join(body.get_content() for mail in mails if (body := mail.get_body(("plain",))))
    for alert in sent:
        assert told.count(f"case?id={alert.case_id}") == 1, alert.id
    wages = next(mail for mail in mails if "云栖雅苑" in mail["Subject"])
    assert "瓯海" in wages["To"]
    text = wages.get_body(("plain",))
    assert text is not None
    assert flow.case_of(TOLD[0]).number in text.get_content()
    assert "6 条，来自 3 个来源" in text.get_content()


def test_a_second_delivery_sends_nothing(flow: Flow) -> None:
    before = len(flow.mails())
    assert deliver_round(flow.house, WHEN, flow.counter) == 0
    assert len(flow.mails()) == before


def test_the_ledger_counts_what_became_of_the_posts(flow: Flow) -> None:
    with flow.house.ledger.read() as tx:
        meters = tx.meters.totals(NOW - timedelta(hours=1), NOW + timedelta(hours=1))
        cases = tx.cases.count(CaseFilter())
        sent = len(tx.alerts.find(AlertFilter(states=("sent",))))
    counts = {(meter.what, meter.reason): meter.n for meter in meters}
    assert counts["published", JUDGED] == POSTS
    assert counts["handled", "ok"] == 3 * POSTS
    assert counts["dead", "Poison"] == 1
    assert counts["set_aside", "advert"] == 1
    assert counts["decided", "opened"] == cases
    assert counts["no_case", "praise"] >= 1
    assert counts["sent", "accepted"] == sent > 0


def test_the_poison_lies_among_the_dead_and_a_replay_without_repair_leaves_it_there(flow: Flow) -> None:
    (letter,) = list_dead(flow.house.log, "judge")
    assert (letter.value, letter.error, letter.topic) == (POISON, "Poison", RAW)
    assert replay(flow.house.log, "judge") == 1
    assert list_dead(flow.house.log, "judge") == []
    flow.work()
    (again,) = list_dead(flow.house.log, "judge")
    assert (again.value, again.error) == (POISON, "Poison")
    assert flow.house.archive.search(Query(set_aside=None)).total == POSTS


def test_the_same_posts_again_change_nothing(flow: Flow) -> None:
    events, cases = flow.events(), flow.case_of(TOLD[0])
    publish_all(flow.house.log)
    flow.work()
    assert deliver_round(flow.house, WHEN, flow.counter) == 0
    assert (flow.events(), flow.case_of(TOLD[0])) == (events, cases)
    assert flow.house.archive.search(Query(set_aside=None)).total == POSTS
