FROM python:3.11-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH

WORKDIR /app
# Requirements first: they change seldom, so the layer is used again.
COPY requirements/ requirements/
RUN pip install --require-hashes --only-binary :all: -r requirements/postgres.txt \
 && pip install --require-hashes --only-binary :all: -r requirements/build.txt

COPY pyproject.toml README.md LICENSE gunicorn.conf.py ./
COPY service/ service/
COPY migrations/ migrations/
# Installed in place, so that the package and its migrations stay side by side.
RUN pip install --no-deps --no-build-isolation -e . \
 && rm -rf build requirements \
 && python -m compileall -q /venv/lib service migrations \
 && pip uninstall --yes flit-core setuptools pip


FROM python:3.11-slim-bookworm

ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Netverdict" \
      org.opencontainers.image.description="What Kubernetes network policies really do on each AKS policy engine" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

RUN groupadd --gid 10001 netverdict \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin netverdict \
 && install --directory --owner 10001 --group 10001 /var/lib/netverdict

COPY --from=build /venv /venv
COPY --from=build /app /app

# Nothing is written outside /tmp, /dev/shm and the SQLite folder, so the root can be read-only.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NETVERDICT_BIND=0.0.0.0:8080 \
    NETVERDICT_DATABASE_URL=sqlite:////var/lib/netverdict/netverdict.sqlite3

WORKDIR /app
USER 10001:10001
VOLUME /var/lib/netverdict
EXPOSE 8080
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/livez', timeout=4)"]

# The database must be at the newest migration before this starts: run `netverdict
# upgrade-database` with the same settings, as an init container or a one-off.
CMD ["gunicorn"]
