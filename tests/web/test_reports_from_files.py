"""The command line makes the very report that the service stores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.cli import main
from tests.web.conftest import Api
from tests.web.report_story import DAY, FACTS, SHOW, WITH_FIXES, compatibility, migration, shop

__all__ = ["shop"]


@pytest.mark.parametrize("kind", ["migrate", "check"])
def test_the_same_digest(
    shop: Api, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in (("show", SHOW), ("facts", FACTS)):
        (tmp_path / f"{name}.json").write_text(json.dumps(text))
    (tmp_path / "shop.yaml").write_text(WITH_FIXES)
    stored = migration(shop, 2) if kind == "migrate" else compatibility(shop, 2, engine="cilium")
    engine = "--target" if kind == "migrate" else "--engine"
    options = {"--cluster": "show.json", "--facts": "facts.json"}
    files = [text for name, each in options.items() for text in (name, str(tmp_path / each))]
    asked = [str(tmp_path / "shop.yaml"), *files, "--as-of", DAY, engine, "cilium"]
    assert main([kind, *asked, "--format", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["revisionDigest"] == stored["revisionDigest"]
    assert printed["digest"] == stored["digest"]
    for name in ("verdict", "reasons", "rules", "severities", "facts", "basis"):
        assert printed[name] == stored[name]
