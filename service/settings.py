"""Settings: NETVERDICT_* variables, read once at the edge into one frozen value.

Every variable may also be given as NETVERDICT_<NAME>_FILE, the path of a file that holds the
value, as container platforms mount secrets. All faults are reported together.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

PREFIX = "NETVERDICT_"
MEBIBYTE = 1024 * 1024
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("json", "console")

_DATABASE = re.compile(r"sqlite(\+pysqlite)?:///.+|postgresql(\+psycopg)?://.+")
_BIND = re.compile(r"(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}|unix:.+|fd://\d+")
# Kubernetes sets NETVERDICT_PORT, NETVERDICT_SERVICE_HOST and the like for a Service of that name.
_FROM_KUBERNETES = re.compile(rf"{PREFIX}(PORT(_.*)?|SERVICE_.*)")


class SettingsError(Exception):
    """The environment is not valid; `faults` has the reason for every variable that is wrong."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__("; ".join(self.lines()))

    def lines(self) -> list[str]:
        return [f"{name} {reason}" for name, reason in self.faults.items()]


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process runs. Sizes are in bytes as sent, unless the name says otherwise."""

    database_url: str = "sqlite:///var/netverdict.sqlite3"
    bind: str = "127.0.0.1:8080"
    workers: int | None = None
    threads: int = 8
    analysis_processes: int = 1
    """Processes beside each worker that solve connectivity maps; 0 solves in its threads."""
    timeout: int = 120
    client_timeout: int = 30
    """Seconds after which a client that neither sends nor reads is given up."""
    secret_key: str = ""
    log_level: str = "info"
    log_format: str = "json"
    max_body_bytes: int = 4 * MEBIBYTE
    max_upload_bytes: int = 32 * MEBIBYTE
    max_unpacked_bytes: int = 256 * MEBIBYTE
    max_unpacked_ratio: int = 100
    max_documents: int = 200_000
    max_document_depth: int = 64
    max_document_aliases: int = 1000
    unknown_variables: tuple[str, ...] = ()
    """Set and meaning nothing here: most often a slip of the pen."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment; raises `SettingsError` with every fault of it."""
        reader = _Reader(os.environ if environ is None else environ)
        default = cls()
        settings = cls(
            database_url=reader.text("DATABASE_URL", default.database_url, _database_fault),
            bind=reader.text("BIND", default.bind, _bind_fault),
            workers=reader.number("WORKERS", 0, 1, 256) or None,
            threads=reader.number("THREADS", default.threads, 1, 256),
            analysis_processes=reader.number(
                "ANALYSIS_PROCESSES", default.analysis_processes, 0, 64
            ),
            timeout=reader.number("TIMEOUT", default.timeout, 1, 3600),
            client_timeout=reader.number("CLIENT_TIMEOUT", default.client_timeout, 1, 3600),
            secret_key=reader.text("SECRET_KEY", "", _secret_fault),
            log_level=reader.choice("LOG_LEVEL", default.log_level, LOG_LEVELS),
            log_format=reader.choice("LOG_FORMAT", default.log_format, LOG_FORMATS),
            max_body_bytes=reader.number("MAX_BODY_BYTES", default.max_body_bytes, 1024, 1 << 30),
            max_upload_bytes=reader.number(
                "MAX_UPLOAD_BYTES", default.max_upload_bytes, 1024, 1 << 32
            ),
            max_unpacked_bytes=reader.number(
                "MAX_UNPACKED_BYTES", default.max_unpacked_bytes, 1024, 1 << 34
            ),
            max_unpacked_ratio=reader.number(
                "MAX_UNPACKED_RATIO", default.max_unpacked_ratio, 2, 100_000
            ),
            max_documents=reader.number("MAX_DOCUMENTS", default.max_documents, 1, 10_000_000),
            max_document_depth=reader.number(
                "MAX_DOCUMENT_DEPTH", default.max_document_depth, 8, 200
            ),
            max_document_aliases=reader.number(
                "MAX_DOCUMENT_ALIASES", default.max_document_aliases, 0, 1_000_000
            ),
            unknown_variables=reader.unknown(cls.__slots__),
        )
        if reader.faults:
            raise SettingsError(reader.faults)
        return settings

    @property
    def signing_key(self) -> bytes:
        """What page tokens are signed with.

        Without a secret it comes from the database's address, which all processes and replicas
        of one service share. Page tokens are no security boundary: a forged one shows another
        page of a list that its maker may read anyway.
        """
        key = self.secret_key or self.database_url
        return hashlib.sha256(b"page tokens:" + key.encode()).digest()

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__slots__}
        shown["database_url"] = without_password(self.database_url)
        shown["secret_key"] = "***" if self.secret_key else ""
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


def without_password(url: str) -> str:
    """A database address that may be shown; its options can hold a password too."""
    hidden = re.sub(r"(?<=://)([^/@:]*):[^/]*@", r"\1:***@", url)
    return re.sub(r"\?.*", "?***", hidden)


@dataclass(slots=True)
class _Reader:
    """Reads variables one by one and keeps what is wrong with them."""

    environ: Mapping[str, str]
    faults: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, default: str, fault_of: Callable[[str], str]) -> str:
        value = self._value(name)
        if not value:
            return default
        if fault := fault_of(value):
            self.faults[PREFIX + name] = fault
        return value

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self._value(name).lower() or default
        if value not in choices:
            self.faults[PREFIX + name] = f"must be one of {', '.join(choices)}"
        return value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self._value(name)
        if not value:
            return default
        # int() would also take 1_000 and other scripts' digits.
        if re.fullmatch(r"[0-9]{1,12}", value) and low <= int(value) <= high:
            return int(value)
        self.faults[PREFIX + name] = f"must be a whole number from {low} to {high}"
        return default

    def unknown(self, fields: tuple[str, ...]) -> tuple[str, ...]:
        known = {PREFIX + name.upper() for name in fields}
        known |= {f"{name}_FILE" for name in known}
        # Asks the tests not to skip anything.
        known.add(f"{PREFIX}REQUIRE_ALL")
        return tuple(
            sorted(
                name
                for name in self.environ
                if name.startswith(PREFIX)
                and name not in known
                and not _FROM_KUBERNETES.fullmatch(name)
            )
        )

    def _value(self, name: str) -> str:
        """A variable set to nothing counts as not set, as gunicorn.conf.py reads it."""
        path = self.environ.get(f"{PREFIX}{name}_FILE", "").strip()
        if not path:
            return self.environ.get(PREFIX + name, "").strip()
        if self.environ.get(PREFIX + name, "").strip():
            self.faults[f"{PREFIX}{name}_FILE"] = f"and {PREFIX}{name} are both set"
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.faults[f"{PREFIX}{name}_FILE"] = f"cannot be read: {error}"
            return ""


def _database_fault(text: str) -> str:
    try:
        urlsplit(text)
    except ValueError:
        return "is not an address"
    if _DATABASE.fullmatch(text):
        return ""
    # The value is not repeated: it may hold a password.
    return (
        "must be an address such as sqlite:///var/netverdict.sqlite3 or postgresql://user@host/name"
    )


def _bind_fault(text: str) -> str:
    port = text.rpartition(":")[2]
    if _BIND.fullmatch(text) and (text.startswith(("unix:", "fd:")) or 0 <= int(port) <= 65535):
        return ""
    return "must be host:port with a port up to 65535, or unix:path"


def _secret_fault(text: str) -> str:
    return "" if len(text) >= 16 else "must have at least 16 characters"
