"""What the archive does when Elasticsearch refuses, is away or is not what it should be; its login and its certificates."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import configs
from stream.archive import Query
from stream.archive_elastic import ElasticArchive
from stream.elastic_bulk import Copy, delete
from stream.elastic_client import Server
from stream.errors import MinshengError, Poison, Unavailable
from stream.messages import Judged
from tests.stream.fake_elastic import FakeElastic, item, items, serving
from tests.stream.posts import judge, post

TEMPLATES = Path(configs.__file__).parent / "elastic"
Open = Callable[..., ElasticArchive]


@pytest.fixture
def fake() -> Iterator[FakeElastic]:
    with serving(FakeElastic()) as fake:
        yield fake


@pytest.fixture
def open_archive() -> Iterator[Open]:
    with ExitStack() as handles:

        def make(urls: str, **options: object) -> ElasticArchive:
            options = {"pauses": (0.01, 0.01), "timeout": 5, **options}
            archive = ElasticArchive(urls, templates=TEMPLATES, prefix="posts", **options)  # type: ignore[arg-type]
            return handles.enter_context(closing(archive))

        yield make


@pytest.fixture
def archive(open_archive: Open, fake: FakeElastic) -> ElasticArchive:
    fake.months.add("posts-2026.11-1")
    return open_archive(fake.url)


def posts(*names: str) -> list[Judged]:
    return [judge(post(name)) for name in names]


def bulks(fake: FakeElastic) -> int:
    return fake.asked.count(("POST", "/_bulk")) + fake.asked.count(("PUT", "/_bulk"))


# --- bulk ----------------------------------------------------------------------------------------------------


def test_only_what_was_refused_for_now_is_sent_again(archive: ElasticArchive, fake: FakeElastic) -> None:
    fake.script = [
        lambda ids: items(ids, b=(429, "es_rejected_execution_exception"), c=(503, "unavailable_shards_exception")),
        lambda ids: items(ids, c=(403, "cluster_block_exception")),
    ]
    archive.upsert(posts("a", "b", "c"))
    assert (fake.written, bulks(fake)) == (["c"], 3)


@pytest.mark.parametrize(
    "answer",
    [
        lambda ids: items(ids, b=(429, "circuit_breaking_exception")),
        lambda ids: items(ids, b=(500, "i_o_exception")),
        (429, {"error": {"type": "es_rejected_execution_exception", "reason": "busy"}}),
        (503, {"error": {"type": "cluster_block_exception", "reason": "no master"}}),
        (502, b"<html>bad gateway</html>"),
    ],
)
def test_what_stays_refused_is_unavailable_after_a_few_tries(
    archive: ElasticArchive, fake: FakeElastic, answer: object
) -> None:
    fake.script = [answer] * 9  # type: ignore[list-item]
    with pytest.raises(Unavailable, match="Elasticsearch"):
        archive.upsert(posts("a", "b"))
    assert bulks(fake) == 3


def test_poison_names_the_post_and_the_others_are_written(archive: ElasticArchive, fake: FakeElastic) -> None:
    fake.script = [
        lambda ids: items(ids, b=(400, "document_parsing_exception"), c=(429, "es_rejected_execution_exception"))
    ]
    with pytest.raises(Poison, match="信息 b: 400 document_parsing_exception"):
        archive.upsert(posts("a", "b", "c"))
    assert fake.written == ["c"]


@pytest.mark.parametrize("status", [400, 413])
def test_a_request_refused_as_a_whole_goes_in_parts(archive: ElasticArchive, fake: FakeElastic, status: int) -> None:
    whole = (status, {"error": {"type": "content_too_long_exception", "reason": "entity too large"}})
    fake.script = [whole, whole, whole]  # a b c d, then a b, then a
    with pytest.raises(Poison, match=f"信息 a: {status}"):
        archive.upsert(posts("a", "b", "c", "d"))
    assert fake.written == ["b", "c", "d"]


def test_a_month_that_was_dropped_meanwhile_is_made_again(archive: ElasticArchive, fake: FakeElastic) -> None:
    archive.upsert(posts("a"))
    fake.months.clear()
    fake.script = [lambda ids: items(ids, b=(404, "index_not_found_exception"))]
    archive.upsert(posts("b"))
    assert fake.written == ["a", "b"]
    assert fake.months == {"posts-2026.11-1"}


def test_the_words_of_a_post_are_in_no_message(archive: ElasticArchive, fake: FakeElastic) -> None:
    said = item(400, "document_parsing_exception")
    said["error"]["reason"] = (
        "[1:33] failed to parse field [at] of type [long] in document with id 'a'. Preview of field's value: '工资'"
    )
    fake.script = [(200, {"errors": True, "items": [{"index": said}]})]
    with pytest.raises(Poison, match="failed to parse field") as error:
        archive.upsert(posts("a"))
    assert "工资" not in str(error.value)


def test_deleting_again_what_is_gone_or_was_written_again_is_no_fault(fake: FakeElastic) -> None:
    statuses = {"a": 200, "b": 404, "c": 409}

    def bulk(body: bytes) -> tuple[int, object]:
        return 200, {"items": [{"delete": {"status": status}} for status in statuses.values()]}

    fake.bulk = bulk  # type: ignore[method-assign]
    with closing(Server(fake.url)) as server:
        assert delete(server, [Copy(id_, "posts-2026.11-1", 1, 1) for id_ in statuses]) == 1


# --- away, or something else ---------------------------------------------------------------------------------


def test_nobody_there_is_unavailable_and_names_the_setting(open_archive: Open) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    archive = open_archive(url)
    for act in (
        lambda: archive.upsert(posts("a")),
        lambda: archive.search(Query()),
        lambda: archive.histogram(Query(), "day"),
        lambda: archive.get("a"),
        lambda: archive.purge(datetime(2026, 1, 1, tzinfo=UTC)),
    ):
        with pytest.raises(Unavailable, match=r"elastic\.urls"):
            act()


def test_it_goes_on_when_the_server_is_back(open_archive: Open, fake: FakeElastic) -> None:
    archive = open_archive(fake.url)
    fake.script = [(503, {"error": "starting"})] * 3
    fake.months.add("posts-2026.11-1")
    with pytest.raises(Unavailable):
        archive.upsert(posts("a"))
    archive.upsert(posts("a"))
    assert fake.written == ["a"]


def test_a_server_that_hangs_is_given_up_after_the_timeout_once(open_archive: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        archive = open_archive(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2, pauses=(9, 9))
        with pytest.raises(Unavailable, match="timed out"):
            archive.search(Query())


def test_the_next_node_is_asked_when_one_is_away(open_archive: Open, fake: FakeElastic) -> None:
    fake.months.add("posts-2026.11-1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{free.getsockname()[1]}"
    archive = open_archive(f"{away} , {fake.url}", pauses=())
    for name in "abcd":
        archive.upsert(posts(name))
    assert fake.written == ["a", "b", "c", "d"]


def test_something_else_that_answers_is_named(archive: ElasticArchive, fake: FakeElastic) -> None:
    fake.product = "Another"
    with pytest.raises(Unavailable, match="不是 Elasticsearch"):
        archive.upsert(posts("a"))


@pytest.mark.parametrize("options", [{"ca_file": "/no/such/file.pem"}, {"urls": "not an address"}, {"urls": ""}])
def test_wrong_settings_are_named(open_archive: Open, options: dict[str, str]) -> None:
    with pytest.raises(MinshengError, match=r"elastic\.urls") as error:
        open_archive(**{"urls": "https://user:secret@127.0.0.1:1", **options})
    assert "secret" not in str(error.value)


# --- login and certificates ----------------------------------------------------------------------------------


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """A server's context for 127.0.0.1 and the PEM file of the authority that signed for it."""
    key, start = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - timedelta(days=1))
        .not_valid_after(start + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{name}.pem", folder / f"{name}.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


def test_tls_and_a_login(open_archive: Open, tmp_path: Path) -> None:
    context, ca_file = certificate(tmp_path, "ours")
    _, other_ca = certificate(tmp_path, "theirs")
    with serving(FakeElastic(tls=context)) as fake:
        fake.months.add("posts-2026.11-1")
        fake.expect("minsheng", "密码")
        archive = open_archive(fake.url, ca_file=str(ca_file), user="minsheng", password="密码")
        archive.upsert(posts("a"))
        assert fake.written == ["a"]
        for wrong in (str(other_ca), ""):
            stranger = open_archive(fake.url, ca_file=wrong, user="minsheng", password="密码")
            with pytest.raises(Unavailable, match=r"证书.*elastic\.ca_file"):
                stranger.upsert(posts("b"))


def test_a_wrong_password_is_named_and_costs_no_record(open_archive: Open, fake: FakeElastic) -> None:
    fake.expect("minsheng", "right")
    with pytest.raises(Unavailable, match=r"401.*elastic\.password") as error:
        open_archive(fake.url, user="minsheng", password="wrong").upsert(posts("a"))
    assert "wrong" not in str(error.value)


def test_an_api_key_goes_before_a_user(open_archive: Open, fake: FakeElastic) -> None:
    open_archive(fake.url, api_key="a2V5", user="minsheng", password="x").get("a")
    assert fake.auth == {"ApiKey a2V5"}
