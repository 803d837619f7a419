"""The public holidays of a country or one of its parts, by the library `holidays`."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


@lru_cache(maxsize=1024)
def public_holidays(country: str, subdivision: str | None, year: int) -> Mapping[date, str]:
    """Day and name of each holiday in a year.

    Raises:
        ValueError: the library knows no such country or subdivision.
    """
    import holidays  # noqa: PLC0415 - fifty milliseconds, for those who name a country

    try:
        found = holidays.country_holidays(country, subdiv=subdivision, years=year)
    except NotImplementedError:
        place = country if subdivision is None else f"{country}-{subdivision}"
        raise ValueError(f"no public holidays are known for {place}; write ISO 3166 codes, such as DE and BY") from None
    return MappingProxyType(dict(found))
