from __future__ import annotations

from local.receiver import Received, shown

RECEIVED = Received("POST", "/work", {"x-punctual-lease-token": "pxt1.a"}, b"{}", 1, 200, 0.0)


def test_headers_are_shown_to_whoever_asks_for_them() -> None:
    assert shown(RECEIVED, with_headers=False) == "POST /work -> 200 (number 1) {}"
    assert shown(RECEIVED, with_headers=True).splitlines()[1:] == ["  x-punctual-lease-token: pxt1.a"]
