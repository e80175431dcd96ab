"""How long a search for slices takes, how much memory, and whether it finds what is planted: ours and two others.

``python tests/bench/bench_slices.py [--rows 52695 1000000] [--others PYTHON] [--seconds 120] [--gigabytes 8]``

One invented library: 10 facets of 10 values, titles of 10 words out of 20,000, years from 1700 to 1899. Planted: two
words (half of their books are wrong) and a pair of facet values (45 % are wrong) whose parts alone are as good as any.
Ours searches facets, ranges of years and lengths, the 500 commonest words with families, pairs and groups, to depth 3,
and confirms on the other half. The others get the facets, then facets and the 500 commonest words (SliceLine to depth
2); they neither split nor confirm. They run under ``--others``, an interpreter that has what the ``requirements.txt``
beside this file names. Every measurement is a process of its own that is stopped after ``--seconds`` or beyond
``--gigabytes``.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FACETS, VALUES, VOCABULARY, LENGTH, WORDS = 10, 10, 20_000, 10, 500
PLANTED_WORDS, PLANTED_PAIR = (3, 5), {"facet0": "v1", "facet1": "v2"}
WORST = 10  # a planted slice counts as found when it is among so many of the first


def library(rows: int) -> dict[str, npt.NDArray[Any]]:
    """Return facet values, words of titles (commonest first), years, true class and errors of an invented library."""
    random = np.random.default_rng(1)
    frequency = 1 / (np.arange(VOCABULARY) + 10)
    titles = random.choice(VOCABULARY, (rows, LENGTH), p=frequency / frequency.sum())
    facets = random.integers(0, VALUES, (rows, FACETS))
    fiction = random.random(rows) < 0.35
    chance = np.where(fiction, 0.15, 0.05)
    chance[np.isin(titles, PLANTED_WORDS).any(axis=1)] = 0.5
    chance[(facets[:, 0] == 1) & (facets[:, 1] == 2)] = 0.45
    years = random.integers(1700, 1900, rows)
    return {
        "facets": facets,
        "titles": titles,
        "years": years,
        "fiction": fiction,
        "wrong": random.random(rows) < chance,
    }


def word(number: int) -> str:
    """Return a word of letters for a number: 3 is 'waaad'."""
    letters = []
    for _ in range(4):
        number, rest = divmod(number, 26)
        letters.append(chr(ord("a") + rest))
    return "w" + "".join(reversed(letters))


def ours(created: dict[str, npt.NDArray[Any]]) -> dict[str, Any]:
    """Search with :func:`core.slices.find_slices`."""
    import pandas as pd

    from core.predicates import FacetPredicate, is_title_words
    from core.schema import RECORDS_COLUMNS
    from core.slices import find_slices

    rows = len(created["wrong"])
    spelled = np.array([word(number) for number in range(VOCABULARY)], dtype=object)
    table = pd.DataFrame({column: pd.Series("", index=range(rows), dtype="str") for column in RECORDS_COLUMNS})
    table["record_id"] = pd.Series(np.arange(rows)).astype("str")
    table["title"] = table["title_key"] = pd.Series(
        [" ".join(spelled[title]) for title in created["titles"]], dtype="str"
    )
    table["year"] = pd.array(created["years"], dtype="Int64")
    for number in range(FACETS):
        values = np.array([f"v{value}" for value in range(VALUES)], dtype=object)
        table[f"facet{number}"] = pd.Series(values[created["facets"][:, number]], dtype="str")
    table["truth"] = pd.Series(np.where(created["fiction"], "Fiction", "Non-fiction"), dtype="str")
    table["predicted"] = pd.Series(
        np.where(created["fiction"] ^ created["wrong"], "Fiction", "Non-fiction"), dtype="str"
    )
    table["correct"] = ~created["wrong"]
    classes, facets = ("Fiction", "Non-fiction"), [f"facet{number}" for number in range(FACETS)]
    find_slices(table.head(2000), classes, facets=facets)  # imports are paid before the clock starts
    clock = Clock()
    findings = find_slices(table, classes, facets=facets)
    measured = clock.read()
    pair = {FacetPredicate(facet, (value,)) for facet, value in PLANTED_PAIR.items()}
    wanted = {word(number) for number in PLANTED_WORDS}
    first = [set(finding.slice.predicates) for finding in findings.unexplained[:WORST]]
    terms = {term for predicates in first for fact in predicates if is_title_words(fact) for term in fact.terms}
    return measured | {"pair": pair in first, "words": wanted <= terms, "told": len(findings.unexplained)}


def sliceline(created: dict[str, npt.NDArray[Any]], with_words: bool, depth: int) -> dict[str, Any]:
    """Search with SliceLine (Sagadeeva and Boehm 2021)."""
    from sliceline.slicefinder import Slicefinder

    columns = np.column_stack([created["facets"], *(_words(created) if with_words else [])])
    clock = Clock()
    finder = Slicefinder(alpha=0.95, k=WORST, max_l=depth, min_sup=max(20, len(columns) // 400), verbose=False)
    finder.fit(columns, created["wrong"].astype(float))
    measured = clock.read()
    first = [{(at, int(value)) for at, value in enumerate(row) if value is not None} for row in finder.top_slices_]
    alone = {
        at - FACETS
        for predicates in first
        if len(predicates) == 1
        for at, value in predicates
        if value == 1 and at >= FACETS
    }
    return measured | {"pair": {(0, 1), (1, 2)} in first, "words": set(PLANTED_WORDS) <= alone, "told": len(first)}


def divexplorer(created: dict[str, npt.NDArray[Any]], with_words: bool) -> dict[str, Any]:
    """Search with DivExplorer (Pastor, de Alfaro and Baralis 2021)."""
    import pandas as pd
    from divexplorer import DivergenceExplorer

    table = pd.DataFrame({f"facet{number}": created["facets"][:, number].astype(str) for number in range(FACETS)})
    if with_words:
        held = np.column_stack(_words(created)).astype(object)
        held[held == 0] = np.nan  # what is missing is no item
        named = pd.DataFrame(held, columns=[word(number) for number in range(WORDS)])
        table = pd.concat([table, named], axis=1)
    table["wrong"] = created["wrong"].astype(int)
    clock = Clock()
    support = max(20, len(table) // 400) / len(table)
    result = DivergenceExplorer(table).get_pattern_divergence(min_support=support, boolean_outcomes=["wrong"])
    first = result.sort_values("wrong_t", ascending=False).itemset.head(WORST)
    measured = clock.read()
    best = [{str(item).replace(".0", "") for item in itemset} for itemset in first]
    alone = {item.split("=")[0] for predicates in best if len(predicates) == 1 for item in predicates}
    return measured | {
        "pair": {"facet0=1", "facet1=2"} in best,
        "words": {word(number) for number in PLANTED_WORDS} <= alone,
        "told": len(result),
    }


def _words(created: dict[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
    return [(created["titles"] == number).any(axis=1).astype(np.int8) for number in range(WORDS)]


class Clock:
    """Seconds, processor seconds and peak memory from now on."""

    def __init__(self) -> None:
        self.wall, self.work = time.perf_counter(), time.process_time()
        self.before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def read(self) -> dict[str, Any]:
        """Return what it took, and what the process held when the clock was started and at its peak, in MB."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {
            "seconds": round(time.perf_counter() - self.wall, 2),
            "processor": round(time.process_time() - self.work, 2),
            "before": self.before // 1024,
            "peak": peak // 1024,
        }


TOOLS = {
    "ours, all facts, depth 3": lambda created: ours(created),
    "sliceline, facets, depth 2": lambda created: sliceline(created, False, 2),
    "sliceline, facets, depth 3": lambda created: sliceline(created, False, 3),
    "sliceline, facets and words": lambda created: sliceline(created, True, 2),
    "divexplorer, facets": lambda created: divexplorer(created, False),
    "divexplorer, facets and words": lambda created: divexplorer(created, True),
}


def measure(tool: str, file: Path, python: str, seconds: int, gigabytes: int) -> dict[str, Any]:
    """Run one tool in a process of its own."""
    command = [python, __file__, "--child", tool, "--file", str(file), "--gigabytes", str(gigabytes)]
    root = str(Path(__file__).resolve().parents[2])
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return {"failed": f"stopped after {seconds} s"}
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"status {done.returncode}"]
        out = "MemoryError" in last[0] or "Unable to allocate" in last[0] or done.returncode < 0
        return {"failed": f"more than {gigabytes} GB" if out else last[0][:80]}
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[52_695])
    parser.add_argument("--others", metavar="PYTHON", help="interpreter that has sliceline and divexplorer")
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--gigabytes", type=int, default=8)
    parser.add_argument("--child", choices=TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        resource.setrlimit(resource.RLIMIT_AS, (args.gigabytes << 30, args.gigabytes << 30))
        with np.load(args.file) as created:
            print(json.dumps(TOOLS[args.child]({name: created[name] for name in created.files})))
        return
    for rows in args.rows:
        print(f"\n{rows:,} records")
        print(f"{'tool':30} {'seconds':>8} {'of processor':>13} {'MB before':>10} {'MB peak':>8}  pair  words told")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "library.npz"
            np.savez(file, **library(rows))
            for tool in TOOLS:
                python = sys.executable if tool.startswith("ours") else args.others
                if python:
                    _print(tool, measure(tool, file, python, args.seconds, args.gigabytes))


def _print(tool: str, answer: dict[str, Any]) -> None:
    if "failed" in answer:
        print(f"{tool:30} {answer['failed']}")
        return
    items = [("yes" if answer[what] else "no") for what in ("pair", "words")]
    print(
        f"{tool:30} {answer['seconds']:8.2f} {answer['processor']:13.2f} {answer['before']:10,} {answer['peak']:8,}"
        f"  {items[0]:5} {items[1]:5} {answer['told']:,}"
    )


if __name__ == "__main__":
    main()
