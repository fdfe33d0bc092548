"""The jars of Kafka and Elasticsearch, fetched once by Maven into a cache outside the work tree."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.servers.leash import leashed
from app.servers.missing import Missing
from stream.errors import MinshengError

HERE = Path(__file__).parent
FETCH_WITHIN = 600.0  # seconds; over a slow line
NETTY_MODULE = "transport-netty4"
DESCRIPTION = "META-INF/es-plugins/transport-netty4/"

Say = Callable[[str], None]


def cache_folder(env: Mapping[str, str]) -> Path:
    named = Path(env.get("XDG_CACHE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".cache") / "minsheng"


@dataclass(frozen=True)
class Recipe:
    """What a cached folder is made from: `sources`[0] is the pom that names the jars."""

    name: str
    sources: tuple[Path, ...]

    def folder(self, env: Mapping[str, str]) -> Path:
        """Its name tells what it was made from, so other sources make another folder."""
        key = hashlib.sha256(b"\0".join(path.read_bytes() for path in self.sources)).hexdigest()[:16]
        return cache_folder(env) / f"{self.name}-{key}"


KAFKA = Recipe("kafka", (HERE / "kafka.xml",))
ELASTIC = Recipe("elastic", (HERE / "elastic.xml", HERE / "Launcher.java"))


def kafka_jars(env: Mapping[str, str], say: Say) -> Path:
    """The folder of Kafka's jars. Raises Missing without Maven, MinshengError when they cannot be fetched."""
    return _cached(KAFKA, env, say, lambda folder: None)


def elastic_home(env: Mapping[str, str], java: Path, say: Say) -> Path:
    """A home folder of Elasticsearch: lib/, modules/ and the compiled launcher in classes/. Raises as `kafka_jars`."""
    return _cached(ELASTIC, env, say, lambda folder: _lay_out(folder, java))


def need_maven(env: Mapping[str, str]) -> None:
    """Raises Missing when something is still to be fetched and there is no Maven."""
    if not all(recipe.folder(env).is_dir() for recipe in (KAFKA, ELASTIC)):
        find_maven(env)


def find_maven(env: Mapping[str, str]) -> str:
    if maven := shutil.which("mvn", path=env.get("PATH")):
        return maven
    raise Missing("下载 Kafka 和 Elasticsearch 的程序包需要 Maven (mvn)。Debian/Ubuntu: apt install maven。")


def _cached(recipe: Recipe, env: Mapping[str, str], say: Say, finish: Callable[[Path], None]) -> Path:
    """The folder of `recipe`; made aside and renamed, so it is whole or absent."""
    target = recipe.folder(env)
    if target.is_dir():
        return target
    maven = find_maven(env)
    with alone(cache_folder(env) / f"{recipe.name}.lock"):
        if target.is_dir():
            return target
        part = target.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)  # of a fetch that was cut off: we hold the lock, so nobody works on it
        say(f"下载 {recipe.name} 的程序包 (约 45 MB，只此一次) …")
        try:
            _fetch(maven, recipe.sources[0], part, env)
            finish(part)
            part.rename(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return target


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Holds a lock that the kernel gives up when this process ends, however that comes about."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise MinshengError(
            f"缓存目录 {path.parent} 不能写入 ({error.strerror})，请用 XDG_CACHE_HOME 指定另一个。"
        ) from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(maven: str, pom: Path, folder: Path, env: Mapping[str, str]) -> None:
    """All jars that `pom` asks for into `folder`/lib."""
    folder.mkdir(parents=True)
    shutil.copy(pom, folder / "pom.xml")
    pom_there, lib = folder / "pom.xml", folder / "lib"
    command = [maven, "-q", "-B", "-f", str(pom_there), "dependency:copy-dependencies", f"-DoutputDirectory={lib}"]
    try:
        done = _call(leashed(command, signal.SIGKILL), env)
    except subprocess.TimeoutExpired:
        raise MinshengError(f"下载 {pom.stem} 的程序包超过 {FETCH_WITHIN:.0f} 秒，请检查网络后重试。") from None
    if done.returncode or not list(lib.glob("*.jar")):
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise MinshengError(
            f"下载 {pom.stem} 的程序包失败 (mvn 代码 {done.returncode})，请检查能否访问 Maven 仓库:\n{tail}"
        )


def _call(command: list[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        command, capture_output=True, text=True, timeout=FETCH_WITHIN, env=dict(env), check=False
    )


def _lay_out(home: Path, java: Path) -> None:
    """Moves the jars where Elasticsearch looks for them and compiles the launcher."""
    lib, module = home / "lib", home / "modules" / NETTY_MODULE
    (lib / "platform" / "linux-x64").mkdir(parents=True)
    module.mkdir(parents=True)
    (compiler,) = lib.glob("ecj-*.jar")
    compiler = compiler.rename(home / "ecj.jar")
    _compile(java, compiler, home)
    for jar in [*lib.glob("netty-*.jar"), *lib.glob(f"{NETTY_MODULE}-*.jar")]:
        jar.rename(module / jar.name)
    _describe(module)


def _describe(module: Path) -> None:
    """Unpacks the module's description; without its modulename line it is loaded from the class path."""
    (jar,) = module.glob(f"{NETTY_MODULE}-*.jar")
    with zipfile.ZipFile(jar) as packed:
        for name in packed.namelist():
            if not name.startswith(DESCRIPTION) or name.endswith("/"):
                continue
            text = packed.read(name).decode()
            kept = [line for line in text.splitlines() if not line.startswith("modulename")]
            (module / Path(name).name).write_text("\n".join(kept) + "\n", encoding="utf-8")


def _compile(java: Path, compiler: Path, home: Path) -> None:
    jars = os.pathsep.join(map(str, sorted((home / "lib").glob("*.jar"))))
    command = [
        str(java),
        "-jar",
        str(compiler),
        "-21",
        "-proc:none",
        "-nowarn",
        "-cp",
        jars,
        "-d",
        str(home / "classes"),
        str(HERE / "Launcher.java"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - our own command
    if done.returncode:
        raise MinshengError(f"编译 Elasticsearch 的启动程序失败:\n{(done.stdout + done.stderr)[-2000:]}")
