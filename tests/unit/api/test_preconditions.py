from __future__ import annotations

from dataclasses import replace

import pytest

from functions.api.preconditions import parse_if_match
from functions.api.refusals import InvalidParameter
from shared.model.errors import VersionMismatch
from tests.jobs import a_job

VERSION_3 = replace(a_job(), version=3)


@pytest.mark.parametrize("header", [None, "*", '"3"', ' "3" ', '"1", "3"', 'W/"2", "3"'])
def test_these_accept_version_3(header: str | None) -> None:
    parse_if_match(header).check(VERSION_3)


@pytest.mark.parametrize("header", ['"2"', '"30"', '"03"', 'W/"3"', '""', '"a"'])
def test_these_do_not(header: str) -> None:
    with pytest.raises(VersionMismatch):
        parse_if_match(header).check(VERSION_3)


@pytest.mark.parametrize("header", ["3", '"3', "", '*, "3"', '"3" "4"', '"3",', ",".join(['"3"'] * 21), '"ü"'])
def test_these_cannot_be_read(header: str) -> None:
    with pytest.raises(InvalidParameter):
        parse_if_match(header)
