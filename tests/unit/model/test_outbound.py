from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import limits
from shared.model.addresses import DENIED_IPV4, DENIED_IPV6, is_public
from shared.model.errors import InvalidField
from shared.model.outbound import OutboundUrl, check_url

NOBODY: frozenset[str] = frozenset()


def is_forbidden(url: str, allowed_hosts: frozenset[str] = NOBODY) -> bool:
    try:
        check_url(url, allowed_hosts)
    except InvalidField as refusal:
        return (refusal.pointer, refusal.slug) == ("/target/url", "target-url-forbidden")
    return False


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com", OutboundUrl("https", "example.com", 443, "/", False)),
        (
            "https://Hooks.Example.com/In?a=[1]&b=%7B",
            OutboundUrl("https", "hooks.example.com", 443, "/In?a=[1]&b=%7B", False),
        ),
        ("HTTPS://example.com:8443?x", OutboundUrl("https", "example.com", 8443, "/?x", False)),
        ("https://xn--bcher-kva.example/", OutboundUrl("https", "xn--bcher-kva.example", 443, "/", False)),
        ("https://8.8.8.8/", OutboundUrl("https", "8.8.8.8", 443, "/", False)),
        ("https://[2606:4700:4700::1111]:8443/", OutboundUrl("https", "2606:4700:4700::1111", 8443, "/", False)),
        ("https://1password.example/", OutboundUrl("https", "1password.example", 443, "/", False)),
    ],
)
def test_a_public_https_url_is_taken_apart(url: str, expected: OutboundUrl) -> None:
    assert check_url(url, NOBODY) == expected


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("https://example.com/", "example.com"),
        ("https://example.com:443/", "example.com"),
        ("https://example.com:8443/", "example.com:8443"),
        ("https://[2606:4700::1]/", "[2606:4700::1]"),
    ],
)
def test_the_host_header_leaves_out_the_default_port(url: str, header: str) -> None:
    assert check_url(url, NOBODY).host_header == header


@pytest.mark.parametrize(
    "host",
    [
        # loopback
        "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0X7F.0.0.1", "0177.0.0.1", "0177.1",
        "017700000001", "127.000.000.001", "127.0.0.1.", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "[::127.0.0.1]", "0", "0.0.0.0", "0x0", "[::]",
        # metadata
        "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "169.16689662",
        "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a9fe:a9fe]", "[2002:a9fe:a9fe::1]",
        "[2001:0:a9fe:a9fe::1]", "[2606:4700::5efe:a9fe:a9fe]", "[2606:4700::200:5efe:a9fe:a9fe]", "[fd00:ec2::254]",
        "[fe80::a9fe:a9fe]", "[fe80::1%eth0]", "[fe80::1%25eth0]", "100.100.100.200", "192.0.0.192",
        # private, multicast, reserved, documentation
        "10.0.0.1", "10.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.168.257", "100.64.0.1", "198.18.0.1",
        "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.51.100.7", "203.0.113.9",
        "[fc00::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[3fff::1]", "[100::1]", "[5f00::1]",
        # a public address in a notation that is not its own
        "134744072", "8.8.2056", "010.8.8.8", "0x8.8.8.8", "[::ffff:8.8.8.8]", "256.1.1.1", "1.2.3.4.5", "08.8.8.8",
        # digits and dots that only look like them, and what decodes to them
        "\uff11\uff12\uff17.\uff10.\uff10.\uff11", "127\u30020\u30020\u30021", "\u2460\u2461\u2466.0.0.1",
        "127%2e0%2e0%2e1", "%31%32%37.0.0.1", "\uff4cocalhost",
        # names
        "localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost.localdomain", "metadata.google.internal",
        "metadata", "ip-10-0-0-1.ec2.internal", "printer.local", "router.home.arpa", "db.corp", "x.onion", "intranet",
        "example.com.", "-a.example.com", "a-.example.com", "a..example.com", ".example.com", "ex ample.com",
        "example.com%00.evil.example", "bücher.example", "", ".", "[]", "[::1", "::1", f"{'a' * 64}.example.com",
        ".".join(["a" * 60] * 5),
    ],
)  # fmt: skip
def test_a_host_that_is_not_public_is_refused_in_every_notation(host: str) -> None:
    assert is_forbidden(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com:443/",
        "javascript:alert(1)",
        "https:/example.com/",
        "https:example.com",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://@example.com/",
        "https://example.com@127.0.0.1/",
        "https://127.0.0.1#@example.com/",
        "https://127.0.0.1\\@example.com/",
        "https://example.com\\.evil.example/",
        "https://example.com/\\evil",
        "https://example.com/#fragment",
        "https://example.com:80/",
        "https://example.com:22/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:0443/",
        "https://example.com:/",
        "https://example.com:+443/",
        "https://example.com:443:443/",
        "https://example.com:٤٤٣/",
        "https://example.com/a b",
        "https://example.com/a\r\nX-Injected: 1",
        "https://example.com/\t",
        "https://example.com/\x00",
        "https://exa\tmple.com/",
        "https://example.com/ü",
        " https://example.com/",
        "https://example.com/\n",
        f"https://example.com/{'a' * limits.MAX_URL_LENGTH}",
    ],
)
def test_a_url_of_another_form_is_refused(url: str) -> None:
    assert is_forbidden(url)


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "localhost:9000", "[::1]:9000", "receiver:80"])
def test_an_allowed_host_is_exempt_from_https_and_the_address_rule(host: str) -> None:
    url = check_url(f"http://{host}/x", frozenset({host}))

    assert (url.scheme, url.exempt) == ("http", True)
    assert f"{url.host}:{url.port}" == host.replace("[", "").replace("]", "")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:9001", "127.1:9000", "2130706433:9000", "a@127.0.0.1:9000"])
def test_only_exactly_an_allowed_host_is_exempt(host: str) -> None:
    assert is_forbidden(f"http://{host}/", frozenset({"127.0.0.1:9000"}))


def test_a_refusal_repeats_no_secret_of_the_url() -> None:
    for url in ("https://s3cret@example.com/", "http://example.com/s3cret?s3cret", "https://10.0.0.1/s3cret#s3cret"):
        with pytest.raises(InvalidField) as refusal:
            check_url(url, NOBODY)
        assert "s3cret" not in str(refusal.value)


def addresses_in(networks: tuple[object, ...]) -> st.SearchStrategy[object]:
    return st.sampled_from(networks).flatmap(
        lambda network: st.integers(int(network[0]), int(network[-1])).map(type(network[0]))  # type: ignore[index]
    )


def notations_of(address: IPv4Address) -> list[str]:
    a, b, c, d = address.packed
    number = int(address)
    return [
        str(address),
        str(number),
        hex(number),
        f"0{number:o}",
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b}.{number & 0xFFFF}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"{address}.",
        *(f"[{embedded}]" for embedded in embeddings_of(address)),
    ]


def embeddings_of(address: IPv4Address) -> list[IPv6Address]:
    number = int(address)
    prefixes = (
        "::",
        "::ffff:0:0",
        "::ffff:0:0:0",
        "64:ff9b::",
        "64:ff9b:1::",
        "2606:4700::5efe:0:0",
        "2606::200:5efe:0:0",
    )
    embedded = [IPv6Address(int(IPv6Address(prefix)) | number) for prefix in prefixes]
    embedded.append(IPv6Address((0x2002 << 112) | (number << 80) | 1))  # 6to4
    embedded.append(IPv6Address((0x2001_0000 << 96) | (number << 64) | 1))  # Teredo, its server
    embedded.append(IPv6Address((0x2001_0000 << 96) | (number ^ 0xFFFF_FFFF)))  # Teredo, its client
    return embedded


@given(address=addresses_in(DENIED_IPV4))
def test_a_denied_address_is_refused_in_every_notation(address: IPv4Address) -> None:
    assert not is_public(address)
    for notation in notations_of(address):
        assert is_forbidden(f"https://{notation}/"), notation


@given(address=st.ip_addresses(v=4))
def test_an_ipv4_address_inside_another_is_refused_whatever_it_is(address: IPv4Address) -> None:
    for embedded in embeddings_of(address):
        assert not is_public(embedded)


@given(address=addresses_in(DENIED_IPV6))
def test_a_denied_ipv6_address_is_refused(address: IPv6Address) -> None:
    assert not is_public(address)
    assert is_forbidden(f"https://[{address.exploded}]/")


@given(address=st.ip_addresses())
def test_what_the_standard_library_calls_private_is_never_public(address: IPv4Address | IPv6Address) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_link_local:
        assert not is_public(address)


@given(text=st.text(max_size=60))
def test_no_text_is_more_than_accepted_or_refused(text: str) -> None:
    is_forbidden(text)
    is_forbidden(f"https://{text}")


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "9.255.255.255", "11.0.0.0", "172.32.0.1", "223.255.255.255", "2606:4700::1", "2a00::1"]
)
def test_addresses_beside_the_denied_ones_are_public(address: str) -> None:
    assert is_public(ip_address(address))
