"""The public holidays of a country or one of its parts, by the library `holidays`."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from shared.model.errors import InvalidField

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

_SUGGESTIONS: Final = 8


@lru_cache(maxsize=1024)
def public_holidays(country: str, subdivision: str | None, year: int) -> Mapping[date, str]:
    """Day and name of each holiday in a year.

    Raises:
        InvalidField: the library knows no such country or subdivision (any more).
    """
    import holidays  # noqa: PLC0415 - fifty milliseconds, for those who name a country

    try:
        found = holidays.country_holidays(country, subdiv=subdivision, years=year)
    except NotImplementedError:
        place = country if subdivision is None else f"{country}-{subdivision}"
        raise InvalidField(
            "/calendars", f"no public holidays are known for {place}; write ISO 3166 codes, such as DE and BY"
        ) from None
    return MappingProxyType(dict(found))


def unknown_country(country: str) -> str | None:
    """What is wrong with a country's code, naming the nearest known ones; None when its holidays are known."""
    import holidays  # noqa: PLC0415 - as above

    known = _known_places()
    if country in known:
        return None
    names = {name.replace("_", " ").upper(): codes[1] for name, codes in holidays.registry.COUNTRIES.items()}
    wanted = country.upper()
    near = [names[name] for name in get_close_matches(wanted, names, 2, 0.8)]
    near += [code for code in get_close_matches(wanted, known, _SUGGESTIONS, 0.5) if code not in near]
    return f"no holidays are known of {country!r}; {_among(near or ('DE', 'FR', 'GB', 'US'))}"


def unknown_subdivision(country: str, subdivision: str) -> str | None:
    """The same for a part of a known country."""
    import holidays  # noqa: PLC0415 - as above

    known = _known_places()[country]
    if subdivision in known:
        return None
    if not known:
        return f"the holidays of {country} are the same in all of it, as far as they are known; leave this out"
    codes = getattr(holidays.country_holidays(country), "subdivisions_aliases", {})
    near = [codes[name] for name in get_close_matches(subdivision, codes, 2, 0.7)]
    near += [code for code in get_close_matches(subdivision.upper(), known, _SUGGESTIONS, 0.5) if code not in near]
    return f"{country} has no part {subdivision!r} with holidays of its own; {_among(near or known[:_SUGGESTIONS])}"


@cache
def _known_places() -> dict[str, list[str]]:
    """The codes of all countries, each with those of its parts."""
    import holidays  # noqa: PLC0415 - as above

    return holidays.list_supported_countries()


def _among(codes: Iterable[str]) -> str:
    return f"known are, among others, {', '.join(codes)}"
