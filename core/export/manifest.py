"""manifest.json: everything somebody must know to trust, repeat or withdraw an export."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from core.export.decisions import DECISIONS
from core.export.files import WrittenFile
from core.export.quality import is_measured
from core.export.settings import UNKNOWN
from core.export.table import ExportTable
from core.export.terms import TERM_QUESTION
from core.export.wording import (
    checked_labels,
    coded_by_default,
    how_assigned,
    limits,
    meaning_of_checked,
    scope,
    where_cuts_come_from,
)
from core.plain_json import plain
from core.storage import digest

__all__ = ["manifest"]


def manifest(
    table: ExportTable,
    files: Sequence[WrittenFile],
    quality: Mapping[str, Any],
    remarks: Sequence[str] = (),
    checks: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return the manifest as a JSON-able dictionary.

    The identifier of the export is derived from its choices and its files, so that the same export has the same one.
    """
    settings = table.settings
    choices = settings.as_dict()
    content = digest(choices, [written.sha256 for written in files])
    document = {
        "export": {
            "id": uuid.uuid5(uuid.NAMESPACE_OID, f"colophon:export:{content}").urn,
            "name": settings.folder,
            "created": settings.exported_at,
            "formats": list(settings.formats),
            "profile": settings.profile,
            "software": {"name": "Colophon", "version": settings.software_version, "commit": settings.software_commit},
            "command": settings.command,
            "licence": settings.licence,
            "settings": choices,
        },
        "input": [dict(input_file) for input_file in settings.inputs],
        "model": {
            "id": settings.model.name,
            "version": settings.model.version or UNKNOWN,
            "sha256": settings.model.sha256 or UNKNOWN,
            "made": "here" if settings.model.made_here else "elsewhere",
            "input_columns": list(settings.model.input_columns) or UNKNOWN,
            "calibrated": settings.model.calibrated,
            "predictions": settings.predictions or UNKNOWN,
            "run": settings.run_id,
            "run_uri": settings.run_uri,
            "predicted_at": settings.predicted_at or UNKNOWN,
            **({"imported_at": settings.imported_at} if settings.imported_at else {}),
            **settings.model.details,
        },
        "labels": {
            "classes": list(table.labels),
            "question": TERM_QUESTION,
            "answer": settings.answer,
            "terms": {label: term.as_dict() for label, term in table.terms.items()},
        },
        "policy": {
            **settings.policy.as_dict(),
            "promise": dict(settings.promise),
            "applies_to": scope(settings) or "all records",
            "sentences": where_cuts_come_from(settings),
            "chosen_on": settings.chosen_on or "the labels that came with the predictions",
            "accepted_when": "the confidence of the predicted label is above its cut, and no label that stands had been"
            " given by a curator, a person or the catalogue",
            "order": "curator, then person, then label that came with the predictions (where those stand), then"
            " catalogue, then model; what rules say decides nothing",
            "human_labels": {
                "setting": settings.human_labels,
                "measured_on": settings.measured_on or "the labels that came with the predictions",
                "given_by": settings.measured_by if settings.measured_on else UNKNOWN,
                "records": int(table.checked.sum()),
                "meaning": meaning_of_checked(table),
                "sentence": checked_labels(table),
                "sets_that_stand": list(settings.human_sets),
            },
            "coded_not_fiction_in_008": {
                "records": table.coded_not_fiction,
                "sentence": coded_by_default(table),
            },
            "hand_checked_in_the_predictions_file": 0 if settings.measured_on else int(table.checked.sum()),
            "chosen_by": settings.chosen_by,
            "chosen_at": settings.chosen_at,
            "chosen_because": settings.chosen_because,
        },
        "quality": plain(quality),
        "counts": {
            **table.counts.as_dict(),
            "exported": table.counts.exported,
            "predictions_without_a_record": len(table.unmatched),
            "by_label_and_language": _by_language(table),
        },
        "decisions": dict(DECISIONS),
        "files": [written.as_dict() for written in files],
        "columns": [column.as_dict() for column in table.columns()],
        "checks": [dict(check) for check in checks],
        "remarks": list(remarks),
        "assigned": how_assigned(table),
        "limits": limits(table, measured=is_measured(quality)),
    }
    return dict(plain(document))


def _by_language(table: ExportTable) -> dict[str, dict[str, int]]:
    label = table.decisions["pred_label"].iloc[table.accepted].to_numpy()
    language = table.records["language"].iloc[table.accepted].replace("", "no language").to_numpy()
    counts: dict[str, dict[str, int]] = {}
    for name, spoken in sorted(zip(label.tolist(), language.tolist(), strict=True)):
        group = counts.setdefault(name, {})
        group[spoken] = group.get(spoken, 0) + 1
    return counts
