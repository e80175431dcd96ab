"""Exporting: accepted labels with their provenance, in the formats libraries load.

:func:`export` decides about every record, writes the wanted formats, describes them and packs all of it into one zip.
"""

from core.export.bundle import ExportReport, export, write_export
from core.export.decisions import DECISIONS, count_decisions, decide, human_from_labels
from core.export.formats import CARRIERS, FORMATS, MARC_KINDS, parse_formats, parse_marc_kinds
from core.export.quality import QualityReport
from core.export.settings import ExportSettings, InputFile, ModelSource
from core.export.terms import PROFILES, TERM_QUESTION, GenreTerm, default_terms

__all__ = [
    "CARRIERS",
    "DECISIONS",
    "FORMATS",
    "MARC_KINDS",
    "PROFILES",
    "TERM_QUESTION",
    "ExportReport",
    "ExportSettings",
    "GenreTerm",
    "InputFile",
    "ModelSource",
    "QualityReport",
    "count_decisions",
    "decide",
    "default_terms",
    "export",
    "human_from_labels",
    "parse_formats",
    "parse_marc_kinds",
    "write_export",
]
