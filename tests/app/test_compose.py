"""What the containers are told fits the program: commands, settings, files; and nothing is open or without limits."""

import re
import shlex
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from app.cli import cli
from configs.layers import LAUNCHER, environment_names
from configs.loader import load_settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
SERVERS = {name: service for name, service in SERVICES.items() if "build" not in service}
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")

every_service = pytest.mark.parametrize("name", SERVICES)
each_of_ours = pytest.mark.parametrize("name", OURS)


def example_names() -> set[str]:
    return set(re.findall(r"^(\w+)=", EXAMPLE, re.MULTILINE))


def filled(text: str, **given: str) -> str:
    """What compose makes of a value with the given .env."""
    return VARIABLE.sub(lambda found: given.get(found[1], "") or (found[3] if found[2] == "-" else ""), text)


def copied() -> list[str]:
    """The paths that the Dockerfile takes from the checkout."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    return [path for line in lines if line.startswith("COPY ") for path in shlex.split(line)[1:-1]]


def is_sent(path: str) -> bool:
    """Whether .dockerignore lets a path through; the last line that fits decides."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#") and fnmatch(path.rstrip("/"), line.lstrip("!").rstrip("/")):
            sent = line.startswith("!")
    return sent


def test_every_part_is_there() -> None:
    assert set(OURS) == {"worker-judge", "worker-archive", "worker-decide", "deliver", "crawl", "dashboard"}
    assert set(SERVERS) == {"kafka", "elasticsearch", "postgres"}


@each_of_ours
def test_its_command_is_one_of_the_command_line(name: str) -> None:
    first, *rest = OURS[name]["command"]
    command = cli.commands[first]
    assert isinstance(command, click.Command)
    command.make_context(first, list(rest))  # raises for an argument that it does not take
    assert name == "-".join([first, *rest])


@each_of_ours
@pytest.mark.parametrize("mail_host", ["", "mail.example.org"])
def test_its_settings_are_taken(name: str, mail_host: str) -> None:
    given = {"ELASTIC_PASSWORD": "a", "POSTGRES_PASSWORD": "b", "MAIL_HOST": mail_host}
    env = {key: filled(str(value), **given) for key, value in OURS[name]["environment"].items()}
    assert {key for key in env if key.startswith("MINSHENG_")} <= {*environment_names(), *LAUNCHER}
    settings = load_settings([ROOT / "configs" / "embedded.yaml", ROOT / "configs" / "distributed.yaml"], env)
    assert settings.profile == "distributed"
    assert settings.kafka.servers.partition(":")[0] in SERVERS
    assert settings.monitor.host == "0.0.0.0"
    if name == "dashboard":
        assert settings.dashboard.host == "0.0.0.0"
    if name == "deliver":
        assert settings.mail.host == mail_host


def test_the_example_of_the_passwords_has_every_name_and_no_value() -> None:
    used = {found[1] for found in VARIABLE.finditer((ROOT / "compose.yaml").read_text(encoding="utf-8"))}
    assert example_names() == used
    assert not re.findall(r"^\w+=.+$", EXAMPLE, re.MULTILINE)


def test_a_password_that_is_missing_stops_the_start() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    for name in ("POSTGRES_PASSWORD", "ELASTIC_PASSWORD"):
        uses = [found for found in VARIABLE.finditer(text) if found[1] == name]
        assert uses
        assert all(found[2] == "?" for found in uses)


def test_what_is_published_is_so_to_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports
    assert all(str(port).startswith("127.0.0.1:") for port in ports)
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert all(service["networks"] == ["inside"] for service in SERVERS.values())


@every_service
def test_it_has_limits_and_a_health_check_and_starts_again(name: str) -> None:
    service = SERVICES[name]
    limits = service["deploy"]["resources"]["limits"]
    assert limits["memory"] == service["mem_limit"]
    assert float(limits["cpus"]) > 0
    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"
    assert service["stop_grace_period"]
    assert service["logging"]["options"]["max-size"]


@every_service
def test_its_image_has_a_version(name: str) -> None:
    image = SERVICES[name]["image"]
    assert re.fullmatch(r"[\w./-]+:\d[\w.-]*", image), image


def test_our_image_has_the_program_s_version() -> None:
    from app import VERSION

    assert {service["image"] for service in OURS.values()} == {f"minsheng:{VERSION}"}


@each_of_ours
def test_its_health_check_asks_what_it_serves(name: str) -> None:
    settings = OURS[name]["environment"]
    script = OURS[name]["healthcheck"]["test"][-1]
    compile(script, name, "exec")
    asks = ("8501", "/_stcore/health") if name == "dashboard" else (settings["MINSHENG_MONITOR__PORT"], "/healthz")
    assert all(repr(text) in script or text in script for text in asks)


@each_of_ours
def test_it_waits_for_the_servers_and_is_given_time_to_stop(name: str) -> None:
    assert OURS[name]["depends_on"] == {server: {"condition": "service_healthy"} for server in SERVERS}
    assert OURS[name]["stop_grace_period"] == "15s"


def test_every_volume_is_declared() -> None:
    mounts = [volume.partition(":")[0] for service in SERVICES.values() for volume in service["volumes"]]
    named = {mount for mount in mounts if not mount.startswith(("$", ".", "/"))}
    assert named == set(COMPOSE["volumes"])


def test_the_image_is_made_of_what_is_there() -> None:
    assert {"app/", "configs/", "requirements.lock"} <= set(copied())
    for path in copied():
        assert (ROOT / path).exists(), path
        assert is_sent(path), f".dockerignore leaves out {path}"


@pytest.mark.parametrize("path", [".env", ".git", ".venv", "data", "tests", "shared"])
def test_nothing_else_is_sent_to_the_builder(path: str) -> None:
    assert not is_sent(path)


def test_every_package_of_the_program_is_in_the_image() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "tests"}
    assert {f"{name}/" for name in packages} <= set(copied())


def test_the_image_can_back_up_the_database_that_runs_beside_it() -> None:
    tools = re.search(r"postgresql-client-(\d+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert tools
    assert int(tools[1]) >= int(SERVERS["postgres"]["image"].partition(":")[2])


def test_the_image_does_not_run_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users[-1:] == ["minsheng"]
    assert lines.index('ENTRYPOINT ["minsheng"]') > lines.index("USER minsheng")
