"""The target of coverage-guided fuzzing: the selector parser. Run by test_calico_selector."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["service.manifests", "service.model"]):
    from service.manifests.calico_selector import SelectorSyntaxError, parse_selector
    from service.model.calico_selector import matches


def read(data: bytes) -> None:
    text = atheris.FuzzedDataProvider(data).ConsumeUnicodeNoSurrogates(len(data))
    try:
        found = parse_selector(text)
    except SelectorSyntaxError:
        return
    # Calico writes `!(!all())` as `!!all()`, and reads that as `all()`: the text settles at once.
    again = parse_selector(str(found))
    assert parse_selector(str(again)) == again
    assert again == found or "!!" in str(found)
    assert matches(again, {"a": "x"}) == matches(found, {"a": "x"})


#: Bytes of address space. libFuzzer's own limit reads the peak that Linux hands on to whatever a
#: process starts, so a worker that was once large would fail here.
ROOM = 1 << 30

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
