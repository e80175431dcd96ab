"""Seconds and peak memory of reading and normalising a catalogue.

``python tests/bench/bench_import.py [--rows 1750000] [--real FOLDER]``: reads ``digitised.csv.gz`` where the real files
are, then a CSV of invented records with the British Library's 24 columns that is written to a temporary folder. Each
measurement runs in a process of its own, so that its peak is its own.
"""

import argparse
import csv
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COLUMNS = [
    *("BL record ID", "Type of resource", "Name", "Dates associated with name", "Type of name", "Role", "All names"),
    *("Title", "Variant titles", "Series title", "Number within series", "Country of publication"),
    *("Place of publication", "Publisher", "Date of publication", "Edition", "Physical description"),
    *("Dewey classification", "BL shelfmark", "Topics", "Genre", "Languages", "Notes"),
    "BL record ID for physical resource",
]
NOUNS = (
    "history",
    "poems",
    "letters",
    "voyage",
    "treatise",
    "sermons",
    "tales",
    "guide",
    "sketches",
    "memoirs",
    "songs",
)
PLACES = ("London", "Edinburgh", "Paris", "New York", "Leipzig", "[London]", "Oxford ; London", "Kjøbenhavn")
LANGUAGES = ("English", "English", "English", "French", "German", "", "", "Dutch ; Latin")


def write_catalogue(path: Path, rows: int) -> None:
    """Write invented records about as long and as empty as the real ones."""
    rng = random.Random(7)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for number in range(rows):
            name = f"Author{rng.randrange(200_000)}, A. B."
            title = (
                f"The {rng.choice(NOUNS)} of the {rng.choice(NOUNS)} of place {rng.randrange(10_000)}, "
                f"with {rng.choice(NOUNS)} and {rng.choice(NOUNS)} [By {name}]"
            )
            year = rng.randrange(1780, 1900)
            date = rng.choice((f"{year}", f"{year}.", f"[{year}]", f"{year}-{(year + 3) % 100:02d}", f"[{year}?]"))
            row = [
                f"{number:09d}",
                "Monograph",
                name,
                "",
                "person",
                "",
                f"{name} [person]",
                title,
                "",
                "",
                "",
                "England",
            ]
            row += [rng.choice(PLACES), f"Publisher {rng.randrange(5_000)} & Co.", date, "", "2 vol. ; 8º.", "", ""]
            row += ["", "", rng.choice(LANGUAGES), "", f"{number + 20_000_000:09d}"]
            writer.writerow(row)


def measure(path: Path, detect: bool) -> dict[str, float | int | str]:
    """Read and normalise one file in this process."""
    from core.normalise import normalise_records
    from core.readers import read_table, suggest_mapping

    marks = [time.perf_counter()]
    source = read_table(path)
    marks.append(time.perf_counter())
    after_reading = peak_megabytes()
    mapping = suggest_mapping(source.frame, "corpus")
    marks.append(time.perf_counter())
    records = normalise_records(source, mapping, detect_languages=detect).records
    marks.append(time.perf_counter())
    read, mapped, normalised = (round(end - start, 2) for start, end in itertools.pairwise(marks))
    return {
        "file": path.name,
        "rows": len(records),
        "read_s": read,
        "map_s": mapped,
        "normalise_s": normalised,
        "peak_after_reading_MB": after_reading,
        "peak_MB": peak_megabytes(),
    }


def peak_megabytes() -> int:
    """Return the greatest memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def in_a_process(path: Path, detect: bool) -> None:
    command = [sys.executable, __file__, "--one", str(path), *([] if detect else ["--no-detection"])]
    print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_750_000)
    parser.add_argument("--real", default=os.environ.get("COLOPHON_REAL_DATA", ""))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--no-detection", action="store_true", help="leave languages that are not catalogued unknown")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(Path(arguments.one), not arguments.no_detection)))
        return
    real = Path(arguments.real) / "digitised.csv.gz"
    if arguments.real and real.exists():
        in_a_process(real, detect=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.csv"
        write_catalogue(path, arguments.rows)
        print(f"{path.name}: {path.stat().st_size / 1e6:,.0f} MB")
        in_a_process(path, detect=not arguments.no_detection)


if __name__ == "__main__":
    main()
