"""The demonstration workspace: an invented library, walked down the same road as real files.

Two models are trained on the same labels, so that two can be compared: one that counts words and letters, which reads
all digitised books, and one that asks the language model MiniLM too, which reads only the books that people checked,
since it is fifty times slower. The checked books are a plain random draw from the digitised ones and known to be one,
so that a promise of the whole can rest on them. Two invented reviewers have begun to decide, the first promise is kept,
and what it accepts was exported. What is made last is what the pages show first: the quick model and all books.
"""

import contextlib
import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from core.corpus import load_corpus
from core.draws import draw_id_of, register_draw
from core.errors import DamagedError, NameTakenError, NotFoundError
from core.importing import FOLDERS, import_file
from core.learned_facets import add_marks, create_facet, list_facets
from core.progress import Progress, silent
from core.schema import CONFIDENCE, DRAWN_CHANCE, PREDICTED, RECORD_ID, TITLE, TITLE_KEY, TRUTH, Kind
from core.storage import Workspace, write_atomically
from core.text_search import phrase_mask

__all__ = [
    "FACET",
    "MODEL",
    "PREDICTIONS",
    "REVIEWERS",
    "SECOND_MODEL",
    "SECOND_PREDICTIONS",
    "build",
    "hand_over",
    "main",
    "open_desk",
    "write_rules",
]

_CHECKED: tuple[str, str, Kind] = ("checked", "demo-checked", "corpus")
_NAMES: tuple[tuple[str, str, Kind], ...] = (
    ("catalogue", "demo-catalogue", "corpus"),
    ("digitised", "demo-digitised", "corpus"),
    ("annotated", "demo-annotated", "labels"),
    ("test", "demo-test", "labels"),
)
_ID = "BL record ID"
MODEL = "demo-tfidf"
PREDICTIONS = "demo-predictions"
SECOND_MODEL = "demo-minilm"
SECOND_PREDICTIONS = "demo-minilm-predictions"
FACET = "travel"
FACET_MARKS = 8  # titles of each kind that an invented person marked
INVENTED_PERSON = "Ada Quill (invented)"
REVIEWERS = (INVENTED_PERSON, "Ben Marrow (invented)")
MAX_ERROR = 0.02  # of the whole, what the Thresholds page begins with
_SENT, _ANSWERED, _TWICE = 60, 12, 4  # every fourth of the answered books has two answers


def build(
    workspace: Workspace,
    *,
    seed: int | None = None,
    two_models: bool = True,
    walked: bool = True,
    progress: Progress = silent,
) -> dict[str, list[str]]:
    """Make the invented catalogue, import it, train a model on its annotations, and score the digitised books.

    Parameters
    ----------
    seed : int, optional
        Another seed makes another library; without one it is always the same.
    two_models : bool
        Without the second model, and the corpus it reads, it takes half the time.
    walked : bool
        Whether the road was walked to its end: three rules are written (:func:`write_rules`), books wait for review
        and two invented reviewers have begun (:func:`open_desk`), a promise is kept and what it accepts was exported
        (:func:`hand_over`).

    Returns
    -------
    dict
        Names of the ``corpora``, ``labels``, ``models`` and ``predictions`` that were made. All are marked as invented.
        Where MiniLM is not installed, :data:`SECOND_MODEL` and :data:`SECOND_PREDICTIONS` are not among them.

    Raises
    ------
    NameTakenError
        The workspace holds another demonstration, or something else under one of its names. Where that is seen of the
        tables, nothing is written.
    """
    from core.models.language_models import MissingLanguageModelError
    from core.models.scoring import predict_corpus
    from core.models.training import train
    from data.demonstration import SEED, generate

    progress(0.0, "Inventing a library")
    seed = SEED if seed is None else seed
    demonstration = generate(seed=seed)
    draw = _drawn(demonstration.test, demonstration.digitised, seed)
    tables: Mapping[str, pd.DataFrame] = {
        "catalogue": demonstration.catalogue,
        "digitised": demonstration.digitised,
        "checked": demonstration.digitised[demonstration.digitised[_ID].isin(demonstration.test[_ID])],
        "annotated": demonstration.annotated,
        # As a list that was drawn here comes back: with the name of the draw, and the chance of each book.
        "test": demonstration.test.assign(draw_id=draw_id_of(draw), drawn_chance=draw[DRAWN_CHANCE].iloc[0]),
    }
    built: dict[str, list[str]] = {"corpora": [], "labels": [], "models": [], "predictions": []}
    names = [_CHECKED, *_NAMES] if two_models else list(_NAMES)
    _refuse_another(workspace, [(name, kind, tables[table]) for table, name, kind in names])
    register_draw(workspace.database, draw)
    for step, (table, name, kind) in enumerate(names):
        path = workspace.folder("demonstration") / f"{name}.csv"
        _write_csv(tables[table], path)
        progress(0.05 + 0.06 * step, f"Importing {name}")
        report = import_file(workspace, path, kind, name=name, invented=True)
        built["corpora" if kind == "corpus" else "labels"].append(report.name)

    def train_and_score(kind: str, model: str, corpus: str, predictions: str, start: float, end: float) -> None:
        def part(fraction: float, message: str) -> None:
            progress(start + (end - start) * fraction, f"{model}: {message}")

        trained = train(
            workspace, "demo-annotated", kind=kind, name=model, progress=lambda f, message: part(0.7 * f, message)
        )
        scored = predict_corpus(
            workspace,
            trained.model,
            corpus,
            name=predictions,
            labels="demo-test",
            progress=lambda f, message: part(0.7 + 0.3 * f, message),
        )
        built["models"].append(trained.model)
        built["predictions"].append(scored.predictions)

    with contextlib.suppress(MissingLanguageModelError):
        if two_models:
            train_and_score("blend", SECOND_MODEL, "demo-checked", SECOND_PREDICTIONS, 0.35, 0.8)
    train_and_score("tfidf", MODEL, "demo-digitised", PREDICTIONS, 0.8, 1.0)
    _mark_travel(workspace)
    if walked:
        write_rules(workspace)
        open_desk(workspace, demonstration.truth)
        hand_over(workspace)
    progress(1.0, "Done")
    return built


def _drawn(test: pd.DataFrame, digitised: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the test books, each equally likely to be drawn, in the random order of a list that was drawn here."""
    in_random_order = test[_ID].sample(frac=1, random_state=seed).reset_index(drop=True)
    return pd.DataFrame({RECORD_ID: in_random_order, DRAWN_CHANCE: len(test) / len(digitised)})


def _mark_travel(workspace: Workspace) -> None:
    """Let an invented person mark some titles of journeys, and titles that are none: tours in verse are not meant."""
    corpus = load_corpus(workspace, "demo-digitised")
    if list_facets(workspace.database, corpus.fingerprint):
        return
    records = corpus.records([RECORD_ID, TITLE, TITLE_KEY]).drop_duplicates(TITLE_KEY)
    journeys = phrase_mask(records[TITLE], "voyage, travels, tour")
    verse = phrase_mask(records[TITLE], "poem, verse, ballad, elegy, song, epic, ode, roman, novel, tale")
    tours_in_verse = records[journeys & verse][RECORD_ID].tolist()[: FACET_MARKS // 2]
    others = records[~journeys][RECORD_ID].tolist()[: FACET_MARKS - len(tours_in_verse)]
    definition = "Journeys that somebody made and tells of; no journeys in verse or in novels"
    facet = create_facet(workspace.database, corpus.fingerprint, FACET, definition, by=INVENTED_PERSON)
    fitting = records[journeys & ~verse][RECORD_ID].tolist()[:FACET_MARKS]
    marks = {**dict.fromkeys(fitting, True), **dict.fromkeys((*tours_in_verse, *others), False)}
    add_marks(workspace.database, facet, marks, via="search", by=INVENTED_PERSON)


def write_rules(workspace: Workspace) -> int:
    """Keep three labelling functions, so that their page shows how rules do; where there are some, nothing is done.

    Returns
    -------
    int
        How many were written.
    """
    from core.predicates import title_phrase
    from core.weak_supervision import LabellingFunction, add_function, saved_functions

    if saved_functions(workspace.database):
        return 0
    rules = {"stories": ("Fiction", "tale, novel, romance"), "verse": ("Fiction", "poem*, verse, ballad")}
    rules["history and travel"] = ("Non-fiction", "history, travels, voyage")
    for name, (label, words) in rules.items():
        add_function(workspace.database, LabellingFunction(name, label, title_phrase(words)))
    return len(rules)


def open_desk(workspace: Workspace, truth: pd.Series) -> int:
    """Send the books that the model is least sure of to review, and let two invented reviewers answer some.

    They answer from the truth. A quarter of the answered books has a second opinion; about the first they disagree,
    and of another nobody can tell. Where books were sent to review before, nothing is done.

    Parameters
    ----------
    truth : Series of str
        True class of each book, by its identifier.

    Returns
    -------
    int
        How many decisions were written.
    """
    from core.predictions import load_scored
    from core.review import CANNOT_TELL, record_decision, send_to_review, sent_for_scored
    from core.second_opinions import save_second_share

    scored, database = load_scored(workspace, PREDICTIONS), workspace.database
    if sent_for_scored(database, scored):
        return 0
    unchecked = scored.table[(scored.table[TRUTH] == "") & scored.table[RECORD_ID].isin(truth.index)]
    least_sure = unchecked.sort_values([CONFIDENCE, RECORD_ID]).head(_SENT)
    send_to_review(database, scored.predictions, least_sure[RECORD_ID], "the model is least sure of it", scored=scored)
    save_second_share(database, scored.predictions, 1 / _TWICE)
    written = 0
    answered = least_sure.head(_ANSWERED)
    for number, (record_id, predicted) in enumerate(zip(answered[RECORD_ID], answered[PREDICTED], strict=True)):
        label, note = str(truth[record_id]), ""
        if number == 1:
            label, note = CANNOT_TELL, "The title says too little."
        other = next(name for name in scored.classes if name != label) if number == 0 else label
        answers = [label, other] if number % _TWICE == 0 else [label]
        for turn, answer in enumerate(answers):
            reviewer = REVIEWERS[(number + turn) % len(REVIEWERS)]
            record_decision(
                database,
                scored.predictions,
                record_id,
                answer,
                old=predicted,
                note=note,
                by=reviewer,
                session=f"demonstration-{reviewer}",
                scored=scored,
                second=turn > 0,
            )
            written += 1
    return written


def hand_over(workspace: Workspace) -> Path | None:
    """Keep the cut-offs of the first promise, and export what they accept; where some were kept, nothing is done.

    Returns
    -------
    Path, optional
        The export.
    """
    from core.export.release import Release, release, unused_path
    from core.guarantees import SavedPolicy, WholeRequest, ask_whole, budget_of, promise_of, save_policy, saved_policies
    from core.predictions import load_scored

    scored = load_scored(workspace, PREDICTIONS)
    if saved_policies(workspace, scored.predictions):
        return None
    result = ask_whole(scored, WholeRequest(max_error=MAX_ERROR), budget_of(workspace, scored))
    chosen = SavedPolicy(policy=result.policy(), promise=promise_of(result), labels=scored.labels)
    save_policy(workspace, scored.predictions, chosen)
    prepared = Release.prepare(workspace, PREDICTIONS, chosen, scored=scored)
    out = unused_path(workspace.folder("exports"), f"{prepared.settings.folder}.zip")
    release(workspace, prepared, out)
    return out


def _refuse_another(workspace: Workspace, wanted: Sequence[tuple[str, Kind, pd.DataFrame]]) -> None:
    """Refuse to build where a name stands for another table, before anything is written.

    Raises
    ------
    NameTakenError
    """
    for name, kind, table in wanted:
        try:
            manifest = workspace.find(FOLDERS[kind], name).manifest
        except (NotFoundError, DamagedError):
            continue  # a damaged one is mended by the import, or refused there
        if manifest.file_sha256 != hashlib.sha256(_csv(table)).hexdigest():
            what = "another demonstration" if manifest.invented else f"something else called '{name}'"
            raise NameTakenError(
                f"Nothing was made: this workspace holds {what}.",
                command_line="Name an empty folder with --workspace to have both; or remove what is called demo-… with"
                " 'colophon remove' first.",
                page="Remove or rename what is called demo-… first, or start Colophon with an empty workspace.",
            )


def main() -> int:
    """Build the demonstration as a job."""
    from core.jobs.worker import JobProgress, run_as_job

    def work(workspace: Workspace, config: dict[str, Any], progress: JobProgress) -> dict[str, list[str]]:
        return build(workspace, progress=progress)

    return run_as_job(work)


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    with write_atomically(path) as beside:
        beside.write_bytes(_csv(table))


def _csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False).encode()


if __name__ == "__main__":
    sys.exit(main())
