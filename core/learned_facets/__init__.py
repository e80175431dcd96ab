"""Learned facets: a curator marks titles as fitting or not, and a classifier finds more of them.

The way of the Newspaper Navigator search application (B. C. G. Lee, D. S. Weld, 2020, "Newspaper Navigator: Open
Faceted Search for 1.5 Million Images with Interactive Machine Learning"), for titles, with a random sample that says
how good the facet is. What :mod:`core.facets` calls a facet is a side that a catalogue has already, such as language.
"""

from core.learned_facets.classifier import finish_facet
from core.learned_facets.estimates import SAMPLE_SIZES, FacetEstimate, draw_sample, estimate_facet
from core.learned_facets.features import EMBEDDINGS, embed_corpus, embeddings_of
from core.learned_facets.marks import (
    FacetLog,
    FacetMark,
    FacetSample,
    LearnedFacet,
    Via,
    add_mark,
    add_marks,
    create_facet,
    facet_log,
    find_facet,
    list_facets,
    remove_facet,
    rename_facet,
    undo_mark,
)
from core.learned_facets.ranking import CUT, FacetCollection, FacetRanking, import_solver, rank_titles, suggestions
from core.learned_facets.side_by_side import facets_side_by_side

__all__ = [
    "CUT",
    "EMBEDDINGS",
    "SAMPLE_SIZES",
    "FacetCollection",
    "FacetEstimate",
    "FacetLog",
    "FacetMark",
    "FacetRanking",
    "FacetSample",
    "LearnedFacet",
    "Via",
    "add_mark",
    "add_marks",
    "create_facet",
    "draw_sample",
    "embed_corpus",
    "embeddings_of",
    "estimate_facet",
    "facet_log",
    "facets_side_by_side",
    "find_facet",
    "finish_facet",
    "import_solver",
    "list_facets",
    "rank_titles",
    "remove_facet",
    "rename_facet",
    "suggestions",
    "undo_mark",
]
