"""Stretches of constant offset are those of the zone's own file."""

from __future__ import annotations

import struct
from importlib.resources import files

import pytest

from shared.model.schedule.local_time import DAY, naive_time
from shared.model.schedule.placement import passes
from shared.model.schedule.zones import stretch_at
from shared.model.time_zones import zone_names

HEADER = struct.Struct(">4sc15x6l")
START, END = 0, 2**31


def changes_in_file(name: str) -> list[tuple[int, int]]:
    """The instants since 1970, and the offsets from then on, that a TZif file lists (RFC 8536 §3)."""
    content = (files("tzdata") / "zoneinfo" / name).read_bytes()
    *_, utc, standard, leap, times, types, letters = HEADER.unpack_from(content)
    second = HEADER.size + times * 5 + types * 6 + letters + leap * 8 + standard + utc
    *_, times, types, _ = HEADER.unpack_from(content, second)
    body = second + HEADER.size
    instants = struct.unpack_from(f">{times}q", content, body)
    kinds = content[body + 8 * times : body + 9 * times]
    offsets = [struct.unpack_from(">l", content, body + 9 * times + 6 * kind)[0] for kind in range(types)]
    listed = [(instant, offsets[kind]) for instant, kind in zip(instants, kinds, strict=True)]
    before = [offset for instant, offset in listed if instant < START][-1:] or [None]
    found = []
    for instant, offset in listed:
        if START < instant < END and offset != before[-1]:
            found.append((instant, offset))
        before.append(offset)
    return found


@pytest.mark.parametrize("initial", sorted({name[0] for name in zone_names()}))
def test_every_change_that_a_zones_file_lists_begins_a_stretch(initial: str) -> None:
    for name in (name for name in zone_names() if name.startswith(initial)):
        for instant, offset in changes_in_file(name)[1:]:
            stretch = stretch_at(name, instant)
            earlier = stretch_at(name, instant - 1)
            assert (stretch.start, stretch.offset, earlier.end) == (instant, offset, instant), name
            assert (stretch.before, earlier.after) == (earlier.offset, offset), name


@pytest.mark.parametrize(
    "name", ["America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC", "Africa/Casablanca"]
)
def test_stretches_follow_one_another_without_a_hole(name: str) -> None:
    stretch = stretch_at(name, 14_000 * DAY)

    while stretch.start < 20_000 * DAY:
        following = stretch_at(name, stretch.end)
        assert (following.start, following.before, following.offset) == (stretch.end, stretch.offset, stretch.after)
        stretch = following


@pytest.mark.parametrize(
    ("name", "local", "expected"),
    [
        ("America/New_York", 1_793_496_600_000, ["05:30", "06:30"]),  # 2026-11-01T01:30
        ("America/New_York", 1_772_937_000_500, ["07:00"]),  # 2026-03-08T02:30:00.5 does not exist
        ("America/New_York", 1_772_940_600_500, ["07:30"]),  # an hour later does
    ],
)
def test_a_local_time_has_one_instant_or_two_or_the_one_after_its_gap(
    name: str, local: int, expected: list[str]
) -> None:
    assert [f"{naive_time(instant):%H:%M}" for instant in passes(name, local)] == expected
