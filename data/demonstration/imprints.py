"""What stands on a title page beside the title, as messy as cataloguers left it: dates, places, names, publishers."""

from functools import cache

from data.demonstration.books import Author
from data.demonstration.draw import Draw, Weighted
from data.demonstration.titles import grammar

__all__ = ["COUNTRIES", "date_of_publication", "name_of_author", "place_of_publication", "publisher", "shelfmark"]

COUNTRIES = {
    "London": "England", "Bristol": "England", "Manchester": "England", "Norwich": "England", "Bath": "England",
    "York": "England", "Edinburgh": "Scotland", "Glasgow": "Scotland", "Dublin": "Ireland", "Calcutta": "India",
    "New York": "United States of America", "Philadelphia": "United States of America",
    "Boston": "United States of America", "Melbourne": "Australia", "Paris": "France", "Lyon": "France",
    "Rouen": "France", "Tours": "France", "Bruxelles": "Belgium", "Genève": "Switzerland", "Leipzig": "Germany",
    "Berlin": "Germany", "Stuttgart": "Germany", "München": "Germany", "Hamburg": "Germany", "Wien": "Austria",
    "Zürich": "Switzerland", "Amsterdam": "Netherlands", "Leiden": "Netherlands", "'s Gravenhage": "Netherlands",
    "Utrecht": "Netherlands", "Haarlem": "Netherlands", "Rotterdam": "Netherlands", "Antwerpen": "Belgium",
    "Stockholm": "Sweden", "Upsala": "Sweden", "Göteborg": "Sweden", "Lund": "Sweden", "Kjøbenhavn": "Denmark",
    "Odense": "Denmark", "Aarhus": "Denmark", "Christiania": "Norway",
}  # fmt: skip

# {y} the year, {b} the year before, {s} the last two figures of two years later, {n} of the next year.
DATES = Weighted(
    {"{y}": 800, "[{y}]": 30, "[{y}.]": 20, "{y}.": 25, "{y} [{b}]": 22, "[{y}?]": 25, "{y}?]": 4, "{y}]": 4}
    | {
        "{y}-{s}": 18,
        "{y}, {n}": 14,
        "{y}-": 6,
        "{y}, etc": 5,
        "[printed {y}]": 2,
        "{y}, [{b}]": 5,
        "": 18,
        "[n.d.]": 2,
    }
)

NAME_NOTES = Weighted(
    {"": 80, " - Mrs": 3, " - Rev": 3, " the Younger": 2, " - pseud.": 3, " M.A": 3, ", of {place}": 6}
)


def date_of_publication(year: int, draw: Draw) -> str:
    """Return the date as catalogued.

    >>> date_of_publication(1879, Draw(2, "example"))
    '1879'
    """
    pattern = draw.weighted(DATES)
    # Two figures would say another century.
    if ("{s}" in pattern or "{n}" in pattern) and year % 100 > 97:
        pattern = "{y}"
    return pattern.format(y=year, b=year - 1, s=f"{year % 100 + 2:02d}", n=f"{year % 100 + 1:02d}")


def place_of_publication(place: str, draw: Draw) -> str:
    """Return the place as catalogued: bare, in brackets, with a query, with a second place, or missing."""
    form = draw.uniform()
    if form < 0.90:
        return place
    if form < 0.94:
        return f"[{place}]"
    if form < 0.955:
        return f"[{place}?]"
    if form < 0.98:
        return f"{place}, printed" if place not in ("London", "Edinburgh") else "London ; Edinburgh"
    return place.lower() if form < 0.99 else ""


def name_of_author(author: Author, language: str, draw: Draw) -> str:
    """Return the heading in one of the two styles: 'Wenstow, Hugh' or 'WENSTOW, Hugh.'.

    >>> hugh = Author("Hugh", "Wenstow", 1800)
    >>> {name_of_author(hugh, "English", Draw(seed, "names")) for seed in range(5)} >= {"WENSTOW, Hugh."}
    True
    """
    note = draw.weighted(NAME_NOTES).replace("{place}", grammar(language).expand("place", draw))
    if draw.chance(0.3):
        return f"{author.surname}, {author.forename}{note}"
    end = "" if note else "."
    return f"{author.surname.upper()}, {author.forename}{note}{end}"


@cache
def _houses(place: str, language: str, seed: int) -> Weighted[str]:
    """Return the publishers of a place: a few large ones and many small."""
    draw = Draw(seed, f"publishers {place} {language}")
    forms: tuple[str, ...] = (
        "{surname} & Co.",
        "{surname} & Son",
        "{surname} & {surname}",
        "{letter}. {surname}",
        "{man} {surname}",
    )
    if language != "English":
        forms = ("{letter}. {surname}", "{man} {surname}", "{surname} & {surname}", "{letter}. {letter}. {surname}")
    count = 36 if place == "London" else 10
    houses: dict[str, float] = {}
    for rank in range(1, count + 1):
        name = draw.pick(forms)
        for slot in ("surname", "letter", "man"):
            while f"{{{slot}}}" in name:
                name = name.replace(f"{{{slot}}}", grammar(language).expand(slot, draw), 1)
        houses[name] = 1 / rank
    return Weighted(houses)


def publisher(place: str, language: str, seed: int, draw: Draw) -> str:
    """Return an invented publisher of the place; half of the records name none."""
    if draw.chance(0.5):
        return ""
    return "The Author" if draw.chance(0.02) else draw.weighted(_houses(place, language, seed))


def shelfmark(room: str, draw: Draw) -> str:
    """Return a shelfmark in a room, in one of the three styles; no real one begins with 'Demo' or 99."""
    shelf = draw.integer(0, 99)
    mark = f"99{room}{shelf:02d}.{draw.pick('abcdefgh') * draw.integer(1, 3)}.{draw.integer(1, 60)}"
    style = draw.uniform()
    if style < 0.4:
        return f"Demo Store {mark}"
    return f"Demo Library HMNTS {mark}." if style < 0.7 else f"{mark}."
