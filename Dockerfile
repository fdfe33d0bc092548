# 民声 as an image: one for every part, `minsheng COMMAND` is what it runs. How the parts are put together is in compose.yaml.
# The Python version is the one that the tests run on.
FROM python:3.11-slim-trixie

ENV PYTHONUTF8=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    MINSHENG_DATA=/data

# pg_dump and pg_restore of the server's major version (or a newer one), for `minsheng backup` and `minsheng restore`.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/*

# /data holds what is written beside the servers: the key of the pseudonyms, reports, mails while no mail server is set.
RUN useradd --uid 10001 --create-home minsheng \
    && install --directory --owner=minsheng --group=minsheng --mode=0700 /data

WORKDIR /build
COPY requirements.lock ./
RUN pip install --only-binary :all: --requirement requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY configs/ configs/
COPY stream/ stream/
COPY classify/ classify/
COPY crawlers/ crawlers/
COPY alerts/ alerts/
COPY reports/ reports/
COPY dashboard/ dashboard/
COPY app/ app/
RUN pip install --no-deps . && rm -rf /build/*

USER minsheng
WORKDIR /data
VOLUME /data
ENTRYPOINT ["minsheng"]
CMD ["--help"]
