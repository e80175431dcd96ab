"""From predictions and a policy to a zip of accepted metadata: the one road of the page and the command.

Here the tables are brought together, and shown before anything is written (:func:`preview`); what is written and how is
the matter of :mod:`core.export`.
"""

import contextlib
import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.classes import class_key
from core.errors import InputError, NotFoundError
from core.evaluation import by_value, evaluate
from core.export import ExportReport, human_from_labels, write_export
from core.export.decisions import ABSTAINED, ACCEPTED, DECISIONS, genre_labels
from core.export.formats import FORMATS, PreviewRecord, RecordFormat, record_formats
from core.export.manifest import QualityReport
from core.export.settings import ExportSettings, InputFile, MadeBy, ModelDetails, ModelSource, PastExport
from core.export.table import ExportTable, prepare, together
from core.facets import facet_order, facet_values
from core.guarantees import SavedPolicy, budget_of, compared_records, report_policy, saved_policies
from core.labels import load_labels
from core.manifests import ModelManifest, PredictionManifest
from core.models.registry import weights_digest, weights_of
from core.predictions import PredictionSet, Scored, load_predictions, load_scored
from core.progress import Progress, silent
from core.review import decisions_for_scored
from core.schema import CORRECT, GENRE_GIVEN, LABEL, PREDICTED, RECORD_ID, SOURCE, TITLE, TRUTH
from core.storage import Workspace, digest, now, slug
from core.thresholds import Policy, apply_policy, compare_population, expected_errors
from core.translation import in_english, noop
from core.wording import thresholds as wording

__all__ = [
    "DIFFERENCES",
    "GenreDifference",
    "Release",
    "accepted_file",
    "breakdown",
    "cut_scope",
    "decide_all",
    "further_candidates",
    "further_policies",
    "genre_difference",
    "precision_by",
    "preview",
    "release",
    "run_of",
    "saved_exports",
    "settings_of",
    "unused_path",
]


# --- Where the labels of an export come from: predictions, the model behind them, the files that were read ------------


def run_of(predictions: str, policy: Policy) -> str:
    """Return the name of the run: predictions (by fingerprint) and the cuts that accepted some of them.

    The cuts are part of it: what two choices brought into a catalogue must be told apart there.
    """
    return f"{predictions}-{digest(policy.as_dict())[:8]}"


def settings_of(
    workspace: Workspace, source: PredictionSet, scored: Scored, chosen: SavedPolicy, more: Mapping[str, Any]
) -> ExportSettings:
    """Return the settings of an export: the kept policy, where the labels come from, and what a person chose."""
    manifest = source.manifest
    model = _model(workspace, source)
    predicted_at, imported_at = model.predicted_at, model.imported_at
    if model.parts:  # each has its own; the whole was predicted when the last had been
        predicted_at = max(part.predicted_at for part in model.parts) if model.made_here else ""
        imported_at = max(part.imported_at for part in model.parts)
    inputs: list[InputFile] = []
    corpus = manifest.corpus or scored.catalogue.fingerprint
    read = [part.predictions for part in manifest.parts] or [manifest]
    for part in (*([workspace.find("corpora", corpus).manifest] if corpus else []), *read):
        if part.file:
            inputs.append(
                InputFile(
                    name=part.file,
                    sha256=part.file_sha256,
                    rows=part.source_rows,
                    rejected=part.rejected,
                    mapping=part.mapping,
                )
            )
    policy = chosen.policy
    wanted: dict[str, Any] = {
        "cuts": dict(policy.cuts),
        "stratum": policy.stratum,
        "cuts_by_stratum": dict(policy.by_stratum),
        "slice": policy.where,
        "negative_classes": tuple(dict.fromkeys(part.negative_class for part in read if part.negative_class)),
        "model": model,
        "run_id": run_of(source.fingerprint, policy),
        "predictions": source.fingerprint,
        "predicted_at": predicted_at,
        "imported_at": imported_at,
        "created_at": now(),
        "dataset": manifest.corpus_name or scored.catalogue.name or source.name,
        "promise": chosen.promise,
        "chosen_on": chosen.labels,
        "inputs": tuple(inputs),
        **({"chosen_by": chosen.created_by} if chosen.created_by else {}),
        "exported_by": workspace.person.name,
        "chosen_at": chosen.chosen_at,
        "chosen_because": chosen.because,
        "software_version": importlib.metadata.version("colophon"),
        **more,
    }
    return ExportSettings(**wanted)


def _model(workspace: Workspace, source: PredictionSet) -> ModelSource:
    """Return what is known of the model behind predictions, or of the two that each decided some records."""
    manifest = source.manifest
    if not manifest.parts:
        return _model_of(workspace, source.name, manifest)
    parts = [
        replace(
            _model_of(workspace, part.name, part.predictions),
            predictions=part.name,
            fingerprint=part.predictions.fingerprint,
            cut=part.cut,
        )
        for part in manifest.parts
    ]
    return ModelSource.together(source.name, source.fingerprint[:8], parts)


def _model_of(workspace: Workspace, name: str, manifest: PredictionManifest) -> ModelSource:
    fingerprint = manifest.model_fingerprint
    if manifest.facet and not fingerprint:
        return ModelSource(
            name=f"learned facet {manifest.facet}",
            version=manifest.fingerprint[:8],
            input_columns=manifest.input_columns,
            predicted_at=manifest.created_at,
            details=ModelDetails(kind=f"logistic regression on {manifest.features} of marked titles"),
        )
    if not fingerprint:
        # Made elsewhere: what is known is the file, and that nobody calibrated it here.
        return ModelSource(name=name, calibrated=False, made_here=False, imported_at=manifest.created_at)
    trained: ModelManifest | None = None
    with contextlib.suppress(NotFoundError):  # removed since: what the predictions say of it remains
        trained = workspace.find("models", fingerprint).manifest
    files = trained.files if trained else {}
    return ModelSource(
        name=manifest.model or fingerprint,
        version=fingerprint[:8],
        sha256=manifest.model_sha256 or weights_digest(files),
        calibrated=manifest.calibrated,
        input_columns=manifest.input_columns,
        predicted_at=manifest.created_at,
        details=ModelDetails(
            fingerprint=fingerprint,
            kind=manifest.model_kind or (trained.model_kind if trained else None),
            weights=weights_of(files),
            sha256_is_of="the lines 'SHA-256  path' of these files, sorted by path, as sha256sum prints them",
            bases=manifest.bases if manifest.bases is not None or trained is None else trained.bases,
            labels=trained.labels if trained else None,
            calibration=manifest.calibration or None,
            seed=trained.seed if trained else None,
        ),
    )


# --- What an export changes -------------------------------------------------------------------------------------------
#
# What an export changes: against the catalogue's own genre field, and by language, decade or any other facet.

ADDED, BESIDE, SAME = noop("added"), noop("added beside another genre"), noop("same")
CONFLICTING, UNCLEAR = noop("conflicting"), noop("unclear")
DIFFERENCES: Final[Mapping[str, str]] = {
    ADDED: noop("the catalogue has no genre; the export adds a label"),
    BESIDE: noop("the catalogue has a genre that says nothing of the labels; the export adds one beside it"),
    SAME: noop("the catalogue's genre names the label the machine predicts; nothing is exported"),
    CONFLICTING: noop("the catalogue's genre names another label than the machine predicts; nothing is exported"),
    UNCLEAR: noop("the catalogue's genre names several labels; nothing is exported"),
}


@dataclass(frozen=True)
class GenreDifference:
    """The export beside the catalogue's genre field.

    Attributes
    ----------
    counts : mapping
        Each of :data:`DIFFERENCES` → number of records.
    rows : DataFrame
        ``record_id``, ``title``, ``genre_given``, ``label`` (predicted or exported), ``confidence``, ``difference``;
        the most confident first.
    """

    counts: Mapping[str, int]
    rows: pd.DataFrame

    def of(self, difference: str) -> pd.DataFrame:
        """Return the records of one kind of difference."""
        return self.rows[self.rows["difference"] == difference].reset_index(drop=True)


def genre_difference(table: ExportTable) -> GenreDifference:
    """Compare what is exported (or predicted) with the catalogue's genre field, record by record."""
    decisions, given = table.decisions, table.records[GENRE_GIVEN]
    catalogue_label = genre_labels(given, table.labels, table.settings.genre_terms).to_numpy(dtype=object)
    exported = decisions["pred_label"].to_numpy(dtype=object)
    predicted = decisions["pred_suggested_label"].to_numpy(dtype=object)
    has_label, is_catalogued = exported != "", catalogue_label != ""
    kind = np.full(len(table), "", dtype=object)
    kind[has_label & ~is_catalogued] = np.where(given.to_numpy()[has_label & ~is_catalogued] == "", ADDED, BESIDE)
    label = np.where(has_label, exported, predicted)
    comparable = is_catalogued & pd.Series(catalogue_label).isin(table.labels).to_numpy() & (label != "")
    kind[comparable] = np.where(catalogue_label[comparable] == label[comparable], SAME, CONFLICTING)
    kind[is_catalogued & ~comparable & (label != "")] = UNCLEAR
    rows = pd.DataFrame(
        {
            RECORD_ID: decisions[RECORD_ID],
            TITLE: table.records[TITLE],
            GENRE_GIVEN: given,
            "label": pd.Series(label).astype("str"),
            "confidence": decisions["pred_confidence"],
            "difference": pd.Series(kind).astype("str"),
        }
    )
    rows = rows[rows["difference"] != ""].sort_values(["confidence", RECORD_ID], ascending=[False, True])
    counts = rows["difference"].value_counts()
    return GenreDifference({name: int(counts.get(name, 0)) for name in DIFFERENCES}, rows.reset_index(drop=True))


def breakdown(table: ExportTable, facet: str, precision: Mapping[str, Mapping[str, Any]] | None = None) -> pd.DataFrame:
    """Count the decisions by the values of a facet.

    Parameters
    ----------
    facet : str
        One of :data:`core.facets.FACETS`, such as 'language' or 'decade'.
    precision : mapping, optional
        Value of the facet → how often accepted labels are right there (``value``, ``low``, ``high``, ``n``,
        ``reason``), computed elsewhere on the checked records.

    Returns
    -------
    DataFrame
        ``value``, ``loaded``, one column a decision, and ``precision``, ``low``, ``high``, ``checked``, ``reason``
        (NaN and the reason where too few records were checked). In the facet's own order.
    """
    values = facet_values(table.records, facet)
    counted = pd.crosstab(values.to_numpy(), table.decisions["pred_decision"].to_numpy())
    counted = counted.reindex(
        index=facet_order(facet, values.value_counts().index), columns=list(DECISIONS), fill_value=0
    )
    rows = []
    for value, counts in counted.iterrows():
        rate = (precision or {}).get(str(value), {})
        rows.append(
            {
                "value": str(value),
                "loaded": int(counts.sum()),
                **{name: int(counts[name]) for name in DECISIONS},
                "precision": _number(rate.get("value")),
                "low": _number(rate.get("low")),
                "high": _number(rate.get("high")),
                "checked": int(rate.get("n") or 0),
                "reason": str(rate.get("reason") or ("" if rate else "not measured")),
            }
        )
    return pd.DataFrame(rows)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


# --- From predictions and a policy to a zip of accepted metadata: the one road of the page and the command ------------

_KIND = "export"
_NONE: Final[Mapping[str, SavedPolicy]] = {}
_CHECKED: Final[Mapping[MadeBy, str]] = {
    "people": "hand-checked records",
    "rules": "records that rules (not people) labelled",
    "people and rules": "records that people or rules labelled",
}


@dataclass(frozen=True)
class Release:
    """What is to leave the house, ready to be previewed or written.

    Attributes
    ----------
    decided : ExportTable
        Every record with its decision, as the writers read it.
    quality : QualityReport
        The figures that go into README and manifest.
    also : tuple of Release
        Further sets of labels of the same records, each with cuts, promise and figures of its own.
    """

    scored: Scored
    decided: ExportTable
    quality: QualityReport
    also: "tuple[Release, ...]" = ()

    @property
    def settings(self) -> ExportSettings:
        """What was chosen."""
        return self.decided.settings

    @classmethod
    @in_english()
    def prepare(
        cls,
        workspace: Workspace,
        predictions: str,
        chosen: SavedPolicy,
        *,
        labels: str | None = None,
        human: Sequence[str] = (),
        scored: Scored | None = None,
        also: Mapping[str, SavedPolicy] = _NONE,
        **settings: Any,
    ) -> "Release":
        """Bring together what an export needs.

        Parameters
        ----------
        predictions : str
            Name of the predictions.
        chosen : SavedPolicy
        labels : str, optional
            The label set the accuracy is measured on, as for :func:`core.predictions.load_scored`.
        human : sequence of str
            Label sets whose answers stand in the catalogue: no machine label is added to their books. The set the
            accuracy is measured on always is one of them when it is a label set of this workspace.
        scored : Scored, optional
            When it is at hand already.
        also : mapping of str to SavedPolicy
            Further predictions for the same corpus → the policy that accepts some of them (:func:`further_policies`).
            Each is measured on the labels that it is checked against anyway. Of `human` those sets stand for it that
            share a class with it, or with none of the predictions.
        settings
            Further fields of :class:`core.export.ExportSettings`, such as ``formats`` or ``profile``.

        Raises
        ------
        InputError
            Of further predictions: they are of another corpus, or decide about a class of the others.
        """
        sets = [scored or load_scored(workspace, predictions, labels), *_load_further(workspace, also)]
        policies = [chosen, *also.values()]
        made_by = [_made_by(workspace, each.label_sets) for each in sets]
        decided = _decide_sets(workspace, sets, policies, settings, human=human, made_by=made_by)
        first, *others = (
            cls(table, own, _quality(workspace, table, policy, own, by))
            for table, policy, own, by in zip(sets, policies, decided.each, made_by, strict=True)
        )
        return replace(first, also=tuple(others))

    @in_english()
    def write(self, out: Path, progress: Progress = silent) -> ExportReport:
        """Write the zip."""
        return write_export(self.decided, self.quality, out, progress, also=[each.quality for each in self.also])


def _quality(
    workspace: Workspace, table: Scored, chosen: SavedPolicy, decided: ExportTable, made_by: MadeBy
) -> QualityReport:
    """Return how good the labels of one set are."""
    part = table.table[chosen.policy.covers(table.table)]
    report = report_policy(table, chosen, budget_of(workspace, table))
    measured = evaluate(part, table.classes)
    return QualityReport.parse(
        {
            "policy": report.as_dict() | {"sentences": list(wording.policy(report))},
            "evaluation": measured.as_dict(),
            "exported": _exported(decided, table),
            "checked_by": _CHECKED[made_by] if table.labels else "records whose label came with the predictions",
            # A cut chosen while looking at these very books flatters their figure. A promise allows for that, but
            # the figures beside it do not.
            "selected_on_these": chosen.labels == table.labels,
            "warnings": list(wording.population_warnings(compare_population(compared_records(part, chosen.promise)))),
        }
    )


@in_english()
def accepted_file(scored: Scored, policy: Policy) -> str:
    """Return the name of the file of accepted predictions for people; other cuts have another."""
    return f"accepted_{slug(scored.name)}_{run_of(scored.predictions, policy)}.csv"


@in_english()
def decide_all(
    workspace: Workspace, scored: Scored, chosen: SavedPolicy, also: Mapping[str, SavedPolicy] = _NONE, **settings: Any
) -> ExportTable:
    """Return every record of the predictions with its decision, as an export with this policy makes it.

    Parameters
    ----------
    also, settings
        As for :meth:`Release.prepare`.
    """
    return _decide_sets(workspace, [scored, *_load_further(workspace, also)], [chosen, *also.values()], settings)


def further_policies(workspace: Workspace, names: Sequence[str]) -> dict[str, SavedPolicy]:
    """Return predictions → the policy kept for them last, for :meth:`Release.prepare`.

    Raises
    ------
    NotFoundError
        There are no predictions of a name.
    InputError
        No cut-offs were kept for one of them: what may leave of it, nobody has decided.
    """
    policies = {}
    for name in names:
        saved = saved_policies(workspace, load_predictions(workspace, name).fingerprint)
        if not saved:
            raise InputError(
                f"No cut-offs were kept for the predictions '{name}', so nobody has decided which of their labels may"
                " leave. Choose and keep them on the Thresholds page first."
            )
        policies[name] = saved[0]
    return policies


def further_candidates(workspace: Workspace, scored: Scored) -> dict[str, SavedPolicy | None]:
    """Return the predictions that may stand beside these in one export → the policy kept for them last, if any.

    They were made here, for the same corpus, and decide about none of its classes.
    """
    source = load_predictions(workspace, scored.name)
    corpus = source.manifest.corpus or scored.catalogue.fingerprint
    own = {class_key(name) for name in scored.classes}
    candidates: dict[str, SavedPolicy | None] = {}
    for other in workspace.list("predictions") if corpus else ():
        if other.manifest.corpus == corpus and not own & {class_key(name) for name in other.manifest.classes}:
            candidates[other.name] = next(iter(saved_policies(workspace, other.fingerprint)), None)
    return candidates


def _load_further(workspace: Workspace, also: Mapping[str, SavedPolicy]) -> list[Scored]:
    return [load_scored(workspace, name) for name in also]


def _decide_sets(
    workspace: Workspace,
    sets: Sequence[Scored],
    policies: Sequence[SavedPolicy],
    settings: Mapping[str, Any],
    *,
    human: Sequence[str] = (),
    made_by: Sequence[MadeBy] = (),
) -> ExportTable:
    """Decide about the records of the first set by each of them."""
    sources = [load_predictions(workspace, each.name) for each in sets]
    if len(sets) > 1:
        _refuse_several_corpora(sources, sets)
    catalogue = _catalogue_tables(workspace, sources[0], sets[0])
    tables: list[ExportTable] = []
    for place, (source, scored, chosen) in enumerate(zip(sources, sets, policies, strict=True)):
        names = list(dict.fromkeys([*_standing(workspace, human, scored, sets), *scored.label_sets]))
        values: dict[str, Any] = {"measured_on": scored.labels, "human_sets": tuple(names), **settings}
        if made_by:
            values["measured_by"] = made_by[place]
        if tables:
            values["created_at"] = tables[0].settings.created_at
        own = _decide(workspace, catalogue, scored, settings_of(workspace, source, scored, chosen, values), names)
        tables.append(replace(own, name=scored.name) if len(sets) > 1 else own)
    return together(tables)


def _refuse_several_corpora(sources: Sequence[PredictionSet], sets: Sequence[Scored]) -> None:
    """Refuse predictions that are not all for the records of one corpus of this workspace."""
    corpora = [
        (source.manifest.corpus, source.manifest.corpus_name)
        if source.manifest.corpus
        else (scored.catalogue.fingerprint, scored.catalogue.name)
        for source, scored in zip(sources, sets, strict=True)
    ]
    for source, (corpus, name) in zip(sources, corpora, strict=True):
        if not corpus:
            raise InputError(
                f"The predictions '{source.name}' are not of a corpus of this workspace, so no other labels can stand"
                " beside theirs. Load the catalogue they are for first."
            )
        if corpus != corpora[0][0]:
            raise InputError(
                f"The predictions '{sources[0].name}' are for the corpus '{corpora[0][1]}', '{source.name}' are for"
                f" '{name}'. One export holds records of one corpus: export them one after the other."
            )


def _standing(workspace: Workspace, human: Sequence[str], scored: Scored, sets: Sequence[Scored]) -> list[str]:
    """Return which label sets stand in the way of these predictions: a set speaks of its own classes alone."""
    if len(sets) == 1:
        return list(human)
    classes = {name: set(load_labels(workspace, name).manifest.classes) for name in human}
    return [
        name
        for name, own in classes.items()
        if own & set(scored.classes) or not any(own & set(each.classes) for each in sets)
    ]


def cut_scope(workspace: Workspace, scored: Scored) -> NDArray[np.bool_]:
    """Return which records are left to the cuts, by the same decisions that an export makes.

    Row for row beside the scored table: no curator has decided, no label stands, and there is a prediction.
    """
    # Without a cut nothing is accepted: whatever a cut could accept has abstained.
    decided = decide_all(workspace, scored, SavedPolicy(policy=Policy({})))
    ids = decided.decisions[RECORD_ID].iloc[decided.rows(ABSTAINED)]
    return scored.table[RECORD_ID].isin(ids).to_numpy(dtype=bool)


@in_english()
def release(
    workspace: Workspace, prepared: Release, out: Path, *, keep: bool = True, progress: Progress = silent
) -> ExportReport:
    """Write the zip and note in the database that it was written, with its settings."""
    workspace.require_writable()
    report = prepared.write(out, progress)
    if keep:
        content = {
            "name": out.name,
            "path": str(out.resolve()),
            "sha256": report.sha256,
            "accepted": report.accepted,
            "review": report.review,
            "settings": prepared.settings.as_dict(),
        }
        workspace.database.add(_KIND, prepared.scored.predictions, content)
        for each in prepared.also:
            counts = {"accepted": each.decided.counts.exported, "review": len(each.decided.abstained)}
            own = {**content, **counts, "settings": each.settings.as_dict()}
            workspace.database.add(_KIND, each.scored.predictions, own)
    return report


def unused_path(folder: Path, name: str) -> Path:
    """Return where a zip called `name` can be written so that no earlier one is lost: numbered when there is one."""
    stem, suffix = name.removesuffix(".zip"), ".zip"
    path, count = folder / f"{stem}{suffix}", 1
    while path.exists():
        count += 1
        path = folder / f"{stem}_{count}{suffix}"
    return path


def precision_by(table: pd.DataFrame, policy: Policy, facet: str) -> dict[str, dict[str, Any]]:
    """Return, for each value of a facet, how often the checked ones among the accepted are right.

    Returns
    -------
    dict
        Value → ``value``, ``low``, ``high`` (95 % Wilson, None below ten books) and ``n``; as
        :func:`core.export.release.breakdown` takes it.
    """
    accepted = table[apply_policy(table, policy) & (table[TRUTH] != "").to_numpy(dtype=bool)]
    rows = by_value(accepted, facet_values(accepted, facet)).to_dict("records")
    return {
        str(row["value"]): {
            "n": int(row["n"]),
            **{
                name: None if row[other] != row[other] else 1 - float(row[other])
                for name, other in (("value", "error_rate"), ("low", "high"), ("high", "low"))
            },
        }
        for row in rows
    }


def saved_exports(workspace: Workspace, predictions: str) -> list[PastExport]:
    """Return the exports made of predictions (by fingerprint), the newest first."""
    notes = workspace.database.read(_KIND, predictions)
    return [PastExport.parse(note, "the note of an export") for note in reversed(notes)]


def _catalogue_tables(workspace: Workspace, source: PredictionSet, scored: Scored) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the records that leave and their original columns; of joined predictions those in the catalogue.

    The others are in no record of the library's: the export counts them as predictions without a record.
    """
    records = source.records(workspace, scored.catalogue)
    originals = source.originals(workspace, scored.catalogue)
    match = scored.catalogue.match
    if match is None:
        return records, originals
    hit = match.join.position >= 0
    return records[hit].reset_index(drop=True), originals[hit].reset_index(drop=True)


def _decide(
    workspace: Workspace,
    catalogue: tuple[pd.DataFrame, pd.DataFrame],
    scored: Scored,
    settings: ExportSettings,
    human: Sequence[str],
) -> ExportTable:
    records, originals = catalogue
    human_labels = [_human(workspace, records, name) for name in human]
    return prepare(
        records,
        originals,
        scored.table,
        settings,
        human=pd.concat(human_labels, ignore_index=True) if human_labels else None,
        reviews=decisions_for_scored(workspace.database, scored).frame(),
        classes=scored.classes,
    )


def _human(workspace: Workspace, records: pd.DataFrame, name: str) -> pd.DataFrame:
    labels = load_labels(workspace, name)
    return human_from_labels(records, labels.records(), labels.table())


def _made_by(workspace: Workspace, names: Sequence[str]) -> MadeBy:
    if not names:
        return "people"
    table = pd.concat([load_labels(workspace, name).table() for name in names])
    rules = table.loc[table[LABEL] != "", SOURCE] == "function"
    return "people" if not rules.any() else "rules" if rules.all() else "people and rules"


def _exported(decided: ExportTable, scored: Scored) -> dict[str, Any]:
    """Return how many machine labels leave that no curator saw, and how many wrong ones are to be expected of these.

    The rate of each class is that of the checked records above the cut; those of them that leave are counted as what
    they are.
    """
    table = scored.table.set_index(RECORD_ID)
    over = decided.decisions.set_index(RECORD_ID)["over_cut"].reindex(table.index, fill_value=False)
    leaves = table.index.isin(decided.decisions[RECORD_ID].iloc[decided.rows(ACCEPTED)])
    known = (table[TRUTH] != "").to_numpy(dtype=bool)
    wrong = known & ~table[CORRECT].to_numpy(dtype=bool)
    predicted = table[PREDICTED].to_numpy()
    classes = [predicted == name for name in scored.classes]

    def by_class(rows: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.array([int((rows & of).sum()) for of in classes], dtype=np.int64)

    checked = known & over.to_numpy(dtype=bool)
    errors, n, rest = by_class(checked & wrong), by_class(checked), by_class(leaves & ~known)
    estimate = expected_errors(errors, n, n + rest)
    # Those errors are certain that were seen; of them only the ones that leave belong here.
    shift = int((leaves & wrong).sum()) - int(errors.sum())
    value, low, high = (
        None if not estimate.defined else float(number) + shift
        for number in (estimate.value, estimate.low, estimate.high)
    )
    return {
        "machine_labels": int(leaves.sum()),
        "checked": int((leaves & known).sum()),
        "expected_errors": {"value": value, "low": low, "high": high, "n": estimate.n, "reason": estimate.reason},
    }


# --- Some records as they will stand in a format ----------------------------------------------------------------------


def preview(
    table: ExportTable, format_: str, *, ids: Sequence[str] = (), n: int = 10, seed: int = 0, kind: str | None = None
) -> tuple[PreviewRecord, ...]:
    """Return some accepted records as they will stand in a format, with what is new marked.

    Parameters
    ----------
    format_ : str
        One of :func:`core.export.formats.record_formats`; the other formats describe files, not records.
    ids : sequence of str
        The records to show; those that carry no label in the export are left out. Empty: `n` drawn at random.
    seed : int
        Of the draw.
    kind : str, optional
        Which kind of record, where the format has several (MARC); else the first that will be written.

    Raises
    ------
    InputError
        The format has no records to show.
    """
    entry = FORMATS.get(format_)
    writer = entry.writer if entry else None
    if not isinstance(writer, RecordFormat):
        what = f"'{format_}' is no format"
        if entry:
            what = f"'{format_}' ({entry.description}) describes files and has no records"
        raise InputError(f"{what}. A preview can be had of: {', '.join(record_formats())}.")
    return tuple(writer.preview(table, _choose(table, ids, n, seed), kind))


def _choose(table: ExportTable, ids: Sequence[str], n: int, seed: int) -> np.ndarray:
    accepted = table.accepted
    if len(ids):
        wanted = table.records[RECORD_ID].iloc[accepted].isin(list(ids)).to_numpy()
        return accepted[wanted]
    size = min(n, len(accepted))
    return np.sort(np.random.default_rng(seed).choice(accepted, size=size, replace=False)) if size else accepted[:0]
