"""How long 52,695 records take to every format, and how much memory: ``python tests/bench/bench_export.py``.

With ``--marc`` the catalogue is a MARC file, so that the library's own records are enriched. Target: 60 s and 2 GB.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from core.export import FORMATS, ExportSettings, ModelSource, QualityReport, write_export
from core.export.table import prepare
from core.readers.marc_decode import MarcRecord, control, data
from core.schema import RECORDS_COLUMNS

RECORDS = 52_695
WORDS = ["history", "of", "the", "a", "in", "London", "voyage", "poems", "life", "letters", "tale", "Köln", "Москва"]
FILLED = {"Type of resource": "Monograph", "Place of publication": "London", "BL shelfmark": "Digital Store 11651.h.6"}
EMPTY = (
    "Role",
    "Series title",
    "Edition",
    "Dewey classification",
    "Topics",
    "Genre",
    "Variant titles",
    "Number within series",
)


def catalogue(marc: bool) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return records, original columns and predictions of an invented catalogue as wide as the British Library's."""
    rng = np.random.default_rng(1)
    ids = [f"{number:09d}" for number in range(14_600_000, 14_600_000 + RECORDS)]
    titles = [" ".join(rng.choice(WORDS, size=size)) for size in rng.integers(3, 25, RECORDS)]
    years = rng.integers(1700, 1900, RECORDS)
    originals = pd.DataFrame({"BL record ID": ids, "Title": titles, "Name": "Yearsley, Ann, 1753-1806"})
    originals = originals.assign(**FILLED, **dict.fromkeys(EMPTY, ""), **{"Date of publication": years.astype(str)})
    for number in range(8):
        originals[f"Notes {number}"] = titles if number < 3 else ""
    if marc:
        originals["marc"] = [marc_record(item, title).to_json() for item, title in zip(ids, titles, strict=True)]
    records = pd.DataFrame("", index=originals.index, columns=list(RECORDS_COLUMNS)).assign(
        record_id=ids,
        title=titles,
        author="Yearsley, Ann, 1753-1806",
        date=years.astype(str),
        year=pd.array(years, dtype="Int64"),
        date_certainty="certain",
        place="London",
        country="England",
        language="English",
        language_source="catalogue",
    )
    fiction = rng.random(RECORDS)
    scored = pd.DataFrame({"record_id": ids, "predicted": np.where(fiction > 0.5, "Fiction", "Non-fiction")})
    scored = scored.assign(
        confidence=np.maximum(fiction, 1 - fiction), **{"p_Fiction": fiction, "p_Non-fiction": 1 - fiction}
    )
    return records.astype({"title": "str"}), originals.astype("str"), scored


def marc_record(record_id: str, title: str) -> MarcRecord:
    """Return a record with as many fields as the British Library's usually have."""
    fixed = "870813|1894||||enk    ||    |||| |||||  "
    fields = [
        control("001", record_id),
        control("003", "Uk"),
        control("005", "20110119131900.0"),
        control("008", fixed),
    ]
    fields += [data("040", "  ", ("a", "Uk"), ("c", "Uk")), data("100", "1 ", ("a", "Yearsley, Ann."))]
    fields += [data("245", "10", ("a", title)), data("260", "  ", ("a", "London :"), ("b", "Ward,"), ("c", "1894."))]
    fields += [data("300", "  ", ("a", "32 p. ;"), ("c", "8º.")), data("852", "41", ("a", "British Library"))]
    return MarcRecord("00376cam a22001453  4500", fields)


class Clock:
    """A progress listener that notes how long each step took."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, float]] = []

    def __call__(self, fraction: float, message: str) -> None:
        self.steps.append((message, time.perf_counter()))

    def lines(self) -> list[str]:
        """Return seconds by step, the longest first."""
        pairs = zip(self.steps, self.steps[1:], strict=False)
        spent = [(later - start, message) for (message, start), (_, later) in pairs]
        return [f"{seconds:6.2f} s  {message}" for seconds, message in sorted(spent, reverse=True)]


def main(arguments: list[str]) -> None:
    """Export everything once and say what it took."""
    tables = catalogue("--marc" in arguments)
    settings = ExportSettings(
        cuts={"Fiction": 0.6, "Non-fiction": 0.7},
        model=ModelSource(name="bench", version="1.0.0", calibrated=True),
        run_id="run-01",
        predicted_at="2026-11-23T10:20:00Z",
        formats=tuple(FORMATS),
        organisation="XX-XxEXM",
        source_code="Uk",
        answer="no",
    )
    clock, start, worked = Clock(), time.perf_counter(), time.process_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        report = write_export(prepare(*tables, settings), QualityReport(), Path(folder) / "export.zip", clock)
        size = report.path.stat().st_size
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{RECORDS:,} records, {report.accepted:,} accepted, {len(report.files)} files, {size / 1e6:.0f} MB zipped")
    print(f"{seconds:.1f} s, of the processor {worked:.1f} s")
    print(f"peak of memory {peak / 1e3:,.0f} MB, of which the tables {before / 1e3:,.0f} MB")
    print("\n".join(clock.lines()))


if __name__ == "__main__":
    main(sys.argv[1:])
