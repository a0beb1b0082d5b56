from __future__ import annotations

import pytest

from service.manifests.cidrs import parse_address, parse_block, plain_address


@pytest.mark.parametrize(
    ("text", "network", "codes"),
    [
        ("10.0.0.0/8", "10.0.0.0/8", []),
        ("0.0.0.0/0", "0.0.0.0/0", []),
        ("2001:0db8::/32", "2001:db8::/32", []),
        ("::1.2.3.4/128", "::102:304/128", []),
        ("10.1.2.3/8", "10.0.0.0/8", ["CidrHostBits"]),
        ("010.0.0.0/8", "10.0.0.0/8", ["CidrLeadingZeros"]),
        ("10.0.0.0/08", "10.0.0.0/8", ["CidrLeadingZeros"]),
        ("00001::/16", "1::/16", ["CidrLeadingZeros"]),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8", ["CidrIPv4Mapped"]),
        ("::ffff:10.0.0.0/90", "::ffc0:0:0/90", ["CidrIPv4Mapped", "CidrHostBits"]),
    ],
)
def test_blocks(text: str, network: str, codes: list[str]) -> None:
    block = parse_block(text)
    assert block is not None
    assert str(block.network) == network
    assert [code for code, _ in block.oddities] == codes


@pytest.mark.parametrize(
    "text",
    [
        *("", "/", "/8", "10.0.0.0", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.0/-1", "10.0.0.0/33"),
        *("256.0.0.0/8", "10.0.0/8", "::/129", "1::2::/3", ":/0", "10.0.0.0/ 8", "\u0661.0.0.0/8"),
        "0" * 600 + "10.0.0.0/8",
    ],
)
def test_what_is_no_block(text: str) -> None:
    assert parse_block(text) is None


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("010.0.0.1", "10.0.0.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("", None),
        ("10.0.0.256", None),
        ("10.0.0.1/32", None),
        ("node-1", None),
    ],
)
def test_addresses(text: str, plain: str | None) -> None:
    assert plain_address(text) == plain
    assert (parse_address(text) is None) == (plain is None)
