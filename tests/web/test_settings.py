"""Settings come from the environment, and all that is wrong with it is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.settings import Settings, SettingsError, without_password


def read(**variables: str) -> Settings:
    return Settings.from_environment(
        {f"NETVERDICT_{name}": each for name, each in variables.items()}
    )


def faults(**variables: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        read(**variables)
    return caught.value.faults


def test_nothing_needs_to_be_set() -> None:
    assert Settings.from_environment({}) == Settings()


def test_what_is_set_is_taken() -> None:
    found = read(
        DATABASE_URL=" postgresql://user@host/name ", WORKERS="3", LOG_LEVEL="DEBUG", THREADS=" "
    )
    assert found.database_url == "postgresql://user@host/name"
    assert (found.workers, found.log_level, found.threads) == (3, "debug", 8)


def test_every_fault_is_told() -> None:
    found = faults(
        DATABASE_URL="mysql://user:secret@host/name",
        BIND="localhost:99999",
        WORKERS="many",
        THREADS="0",
        TIMEOUT="1_0",
        SECRET_KEY="short",
        LOG_LEVEL="loud",
        LOG_FORMAT="xml",
        CLIENT_TIMEOUT="0",
        MAX_DOCUMENTS="-1",
    )
    assert len(found) == 10
    assert "secret" not in str(found)
    assert found["NETVERDICT_THREADS"] == "must be a whole number from 1 to 256"


@pytest.mark.parametrize("bind", ["127.0.0.1:8080", "[::1]:80", "host:0", "unix:/tmp/s", "fd://3"])
def test_addresses_to_listen_on(bind: str) -> None:
    assert read(BIND=bind).bind == bind


@pytest.mark.parametrize("bind", ["8080", "host", "host:port", "::1:80", "a b:80"])
def test_what_is_no_address_to_listen_on(bind: str) -> None:
    assert faults(BIND=bind)


def test_a_secret_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("0123456789abcdef\n")
    assert read(SECRET_KEY_FILE=str(path)).secret_key == "0123456789abcdef"
    assert faults(SECRET_KEY_FILE=str(path), SECRET_KEY="0123456789abcdef")
    assert faults(SECRET_KEY_FILE=str(tmp_path / "none"))


def test_secrets_are_not_shown() -> None:
    shown = repr(
        read(
            DATABASE_URL="postgresql://user:hidden@host/name?password=hidden",
            SECRET_KEY="hidden-hidden-hidden",
        )
    )
    assert "hidden" not in shown
    assert "postgresql://user:***@host/name?***" in shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:////tmp/a.sqlite3", "sqlite:////tmp/a.sqlite3"),
        ("sqlite:///a@b.sqlite3", "sqlite:///a@b.sqlite3"),
        ("postgresql://user@host/name", "postgresql://user@host/name"),
        ("postgresql://user:p@s:s@host/name", "postgresql://user:***@host/name"),
    ],
)
def test_addresses_are_shown_without_their_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_variables_that_mean_nothing_are_named() -> None:
    found = read(
        DATABSE_URL="x", PORT="tcp://10.0.0.1:80", SERVICE_HOST="10.0.0.1", REQUIRE_ALL="1"
    )
    assert found.unknown_variables == ("NETVERDICT_DATABSE_URL",)


def test_page_tokens_of_one_service_are_signed_alike() -> None:
    assert read().signing_key == read().signing_key
    assert read(SECRET_KEY="0123456789abcdef").signing_key != read().signing_key
