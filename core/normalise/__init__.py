"""Making catalogue data comparable: years, places, languages and title keys, and records of them.

What is normalised stands beside what was catalogued and never replaces it.
"""

from core.normalise.imprint import normal_place, normal_places, parse_date, parse_dates
from core.normalise.languages import detect_languages, language_name, language_names
from core.normalise.records import normalise_records, title_key, title_keys

__all__ = [
    "detect_languages",
    "language_name",
    "language_names",
    "normal_place",
    "normal_places",
    "normalise_records",
    "parse_date",
    "parse_dates",
    "title_key",
    "title_keys",
]
