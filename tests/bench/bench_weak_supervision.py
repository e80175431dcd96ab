"""Seconds of twelve labelling functions on 52,695 titles, beside Snorkel's applier; three ways to put votes together.

``python tests/bench/bench_weak_supervision.py [--real FOLDER] [--snorkel PYTHON]``: Colophon is measured in this
interpreter. Snorkel, which needs older packages, in another one: the path of an interpreter that has what
``tests/bench/requirements.txt`` names. Both read the same titles and must cast the same votes. Without the real files,
titles are invented. Each figure is the best of five runs (of one for Snorkel).

With the real files, the functions of ``tests/real/functions_bl.toml`` vote on the digitised books; the two label models
learn from these votes alone, and they and majority vote are compared on the annotated titles, each title once.
"""

import argparse
import csv
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TITLES = 52_695
FICTION, NON_FICTION, ABSTAIN = 0, 1, -1
# Words that must mean the same in both: whole words, any case.
WORDS = {
    "novel": FICTION,
    "tale": FICTION,
    "poem": FICTION,
    "romance": FICTION,
    "story": FICTION,
    "drama": FICTION,
    "history": NON_FICTION,
    "guide": NON_FICTION,
    "travels": NON_FICTION,
    "report": NON_FICTION,
    "letters": NON_FICTION,
}
LONG = 211


def titles(real: Path | None) -> list[str]:
    """Return as many titles as the published collection has: the real ones, repeated, or invented ones."""
    if real is not None and (real / "digitised.csv.gz").exists():
        with gzip.open(real / "digitised.csv.gz", "rt", encoding="utf-8", newline="") as stream:
            items = [row["Title"] for row in csv.DictReader(stream)]
    else:
        rng = random.Random(7)
        words = [*WORDS, "The", "of", "London", "a", "and", "Poems", "Sketches", "in", "three", "volumes", "life"]
        items = [" ".join(rng.choices(words, k=rng.randrange(4, 40))) for _ in range(TITLES)]
    return (items * (TITLES // len(items) + 1))[:TITLES]


def with_colophon(lines: list[str]) -> dict[str, object]:
    import numpy as np
    import pandas as pd

    from core.predicates import Books, LengthPredicate, TextPredicate
    from core.weak_supervision import LabellingFunction, LabelModel, cast_votes, majority_vote

    names = {FICTION: "Fiction", NON_FICTION: "Non-fiction"}
    functions = [
        LabellingFunction(word, names[code], TextPredicate("title", "word", (word,))) for word, code in WORDS.items()
    ]
    functions.append(LabellingFunction("long", "Non-fiction", LengthPredicate("title", LONG + 1)))
    patterns = [
        LabellingFunction(word, names[code], TextPredicate("title", "contains", (word,)))
        for word, code in WORDS.items()
    ] + functions[-1:]
    records = pd.DataFrame({"title": pd.Series(lines, dtype="str")})

    def best(work: object, runs: int = 5) -> tuple[float, object]:
        seconds, answer = [], None
        for _ in range(runs):
            start = time.perf_counter()
            answer = work()  # type: ignore[operator]
            seconds.append(time.perf_counter() - start)
        return round(min(seconds), 4), answer

    votes_s, votes = best(lambda: cast_votes(functions, Books(records)))
    contains_s, contained = best(lambda: cast_votes(patterns, Books(records)))
    model_s, model = best(lambda: LabelModel.fit(votes))
    probabilities_s, _ = best(lambda: model.probabilities(votes))
    majority_s, _ = best(lambda: majority_vote(votes))
    return {
        "words_s": votes_s,
        "contains_s": contains_s,
        "label_model_fit_s": model_s,
        "label_model_probabilities_s": probabilities_s,
        "majority_s": majority_s,
        "votes": int((contained.matrix != ABSTAIN).sum()),
        "checksum": [int(n) for n in np.asarray(contained.matrix != ABSTAIN).sum(axis=0)],
    }


def with_snorkel(path: Path) -> dict[str, object]:
    import pandas as pd
    from snorkel.labeling import LabelingFunction, PandasLFApplier
    from snorkel.labeling.model import LabelModel

    def contains(word: str, code: int) -> LabelingFunction:
        return LabelingFunction(word, lambda row: code if word in row.title.lower() else ABSTAIN)

    functions = [contains(word, code) for word, code in WORDS.items()]
    functions.append(LabelingFunction("long", lambda row: NON_FICTION if len(row.title) > LONG else ABSTAIN))
    frame = pd.DataFrame({"title": json.loads(path.read_text(encoding="utf-8"))})
    start = time.perf_counter()
    matrix = PandasLFApplier(lfs=functions).apply(frame, progress_bar=False)
    applied = time.perf_counter() - start
    start = time.perf_counter()
    model = LabelModel(cardinality=2, verbose=False)
    model.fit(matrix, n_epochs=500, seed=0, progress_bar=False)
    fitted = time.perf_counter() - start
    start = time.perf_counter()
    model.predict_proba(matrix)
    return {
        "applier_s": round(applied, 2),
        "label_model_fit_s": round(fitted, 2),
        "label_model_probabilities_s": round(time.perf_counter() - start, 3),
        "votes": int((matrix != ABSTAIN).sum()),
        "checksum": [int(n) for n in (matrix != ABSTAIN).sum(axis=0)],
    }


def real_votes(real: Path) -> dict[str, list[object]]:
    """Return the votes on the digitised books, and the votes and classes of the annotated titles."""
    import pandas as pd

    from core.normalise import normalise_records
    from core.predicates import Books
    from core.readers import read_table, suggest_mapping
    from core.weak_supervision import cast_votes, read_functions

    functions = read_functions(Path(__file__).parents[1] / "real" / "functions_bl.toml")
    tables = {}
    for name, kind in (("digitised.csv.gz", "corpus"), ("annotated.csv", "labels")):
        source = read_table(real / name)
        mapping = suggest_mapping(source.frame, kind)
        normalised = normalise_records(source, mapping, repeats=kind == "labels")
        genre = source.frame["annotator_genre"] if kind == "labels" else pd.Series("", index=source.frame.index)
        tables[kind] = normalised.records.assign(label=genre.to_numpy()[normalised.rows])
    annotated = tables["labels"].drop_duplicates("title_key").reset_index(drop=True)
    votes = cast_votes(functions, Books(tables["corpus"]), ["Fiction", "Non-fiction"])
    checked = cast_votes(functions, Books(annotated), ["Fiction", "Non-fiction"])
    truth = [votes.classes.index(name) for name in annotated["label"]]
    return {"corpus": votes.matrix.tolist(), "checked": checked.matrix.tolist(), "truth": truth}


def ours_together(content: dict[str, list[object]]) -> dict[str, object]:
    import numpy as np

    from core.weak_supervision import LabelModel, Votes, majority_vote, read_functions

    functions = read_functions(Path(__file__).parents[1] / "real" / "functions_bl.toml")
    corpus, checked = (
        Votes(functions, ("Fiction", "Non-fiction"), np.array(content[key], dtype=np.int16), (0,) * len(functions))
        for key in ("corpus", "checked")
    )
    truth = np.array(content["truth"])
    model = LabelModel.fit(corpus)
    return {
        "label_model": judged(model.probabilities(checked), truth),
        "majority": judged(majority_vote(checked), truth),
        "steps": model.steps,
    }


def judged(probabilities: object, truth: object) -> dict[str, float]:
    """Return titles answered, the share of them that is right, and the mean log loss; level titles are no answer."""
    import numpy as np

    p, t = np.asarray(probabilities, dtype=float), np.asarray(truth)
    answered = ~np.isnan(p).any(axis=1)
    p, t = p[answered], t[answered]
    level = np.isclose(p.max(axis=1), p.min(axis=1))
    right = (p.argmax(axis=1) == t)[~level]
    loss = -np.log(np.clip(p[np.arange(len(t)), t], 0.001, 1))
    return {
        "titles": int((~level).sum()),
        "accuracy": round(float(right.mean()), 4),
        "log_loss": round(float(loss.mean()), 4),
    }


def snorkel_together(path: Path) -> dict[str, object]:
    import numpy as np
    from snorkel.labeling.model import LabelModel

    content = json.loads(path.read_text(encoding="utf-8"))
    checked, truth = np.array(content["checked"]), np.array(content["truth"])
    model = LabelModel(cardinality=2, verbose=False)
    model.fit(np.array(content["corpus"]), n_epochs=500, seed=0, progress_bar=False)
    probabilities = model.predict_proba(checked)
    probabilities[(checked == ABSTAIN).all(axis=1)] = np.nan
    return {"label_model": judged(probabilities, truth)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", default=os.environ.get("COLOPHON_REAL_DATA", ""))
    parser.add_argument("--snorkel", help="an interpreter with snorkel")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--together", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(with_snorkel(Path(args.one))))
        return
    if args.together:
        print(json.dumps(snorkel_together(Path(args.together))))
        return
    lines = titles(Path(args.real) if args.real else None)
    ours = with_colophon(lines)
    print(f"colophon  {json.dumps(ours)}")
    theirs = in_snorkel(args.snorkel, "--one", lines)
    if theirs:
        print(f"snorkel   {json.dumps(theirs)}")
        print(f"equal votes: {ours['checksum'] == theirs['checksum']}")
        print(f"the applier takes {theirs['applier_s'] / ours['contains_s']:.0f} times as long")
    if args.real and (Path(args.real) / "digitised.csv.gz").exists():
        content = real_votes(Path(args.real))
        print(f"together, colophon  {json.dumps(ours_together(content))}")
        print(f"together, snorkel   {json.dumps(in_snorkel(args.snorkel, '--together', content))}")


def in_snorkel(python: str | None, what: str, content: object) -> dict[str, Any]:
    """Run a part of this file in the interpreter that has Snorkel; nothing comes back where there is none."""
    if not python:
        print("snorkel   not measured: give --snorkel PYTHON")
        return {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "content.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        done = subprocess.run([python, __file__, what, str(path)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"Snorkel did not run:\n{done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    main()
