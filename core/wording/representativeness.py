"""What comparing a sample with its collection says, facet by facet, in a curator's words.

The two sets are called by adjectives of books: 'annotated' and 'digitised' give "19 % of the annotated and 3 % of the
digitised books".
"""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.facets import facet_words, missing_value
from core.formatting import capitalised, in_percent, listed, over_or_under
from core.language_evidence import LanguageEvidence, LanguageSources
from core.representativeness import TOO_FEW_BOOKS, VERDICTS, FacetComparison, Representativeness, verdict_of
from core.schema import LANGUAGE
from core.statistics import MINIMUM_RECORDS, total_variation
from core.translation import _, inside

__all__ = ["catalogued_differently", "caveats", "evidence_sentences", "headline", "lead", "sentences"]

# From these differences of the shares of missing values on, the comparison of the other values is distorted, and so
# much so that only the books that have a value are compared in a headline.
_DISTORTING, _OVERWHELMING = 0.10, 0.25
_WORTH_SAYING = 0.01  # differences of shares below this are not in a headline
_ABOUT_CATALOGUING = ("language_source", "date_certainty")  # here the missing value is what the facet is about
_ABOUT_TITLES = ("title_length", "first_letter")  # of less weight than what a book is
_ALIKE = VERDICTS[0][1]


def catalogued_differently(comparison: FacetComparison) -> bool:
    """Tell whether two sets differ by a facet because of how their records were made, whatever the books are.

    So do facets about cataloguing, those whose values are missing in one set very much more often, and those that are
    alike among the books with a value.
    """
    if comparison.verdict in (_ALIKE, TOO_FEW_BOOKS):
        return False
    if comparison.facet in _ABOUT_CATALOGUING or _missing_gap(comparison, _OVERWHELMING) is not None:
        return True
    return verdict_of(_distance_of_known(comparison), comparison.tvd_by_chance) == _ALIKE


def _distance_of_known(comparison: FacetComparison) -> float:
    """Return the total variation distance among the books that have a value; 0 where one set has none."""
    known = comparison.table[comparison.table["value"] != missing_value(comparison.facet)]
    ours, theirs = known["sample_n"].to_numpy(dtype=float), known["population_n"].to_numpy(dtype=float)
    return total_variation(ours, theirs) if ours.sum() and theirs.sum() else 0.0


def lead(result: Representativeness) -> FacetComparison | None:
    """Return the facet by which the books of two sets differ most, beyond chance; None where they are alike.

    What is only catalogued differently is left out, and how titles are written comes after what the books are.
    """
    differing = [
        comparison
        for comparison in result.facets
        if comparison.verdict not in (_ALIKE, TOO_FEW_BOOKS) and not catalogued_differently(comparison)
    ]
    return max(
        differing, key=lambda item: (item.facet not in _ABOUT_TITLES, item.tvd - item.tvd_by_chance), default=None
    )


def sentences(result: Representativeness) -> tuple[str, ...]:
    """Say what differs most (the conclusion, first), by which facets the two are how different, and how they overlap.

    What comes of cataloguing alone is said apart, after what the books are.
    """
    ours, theirs = _("{name} books", name=result.sample_name), _("{name} books", name=result.population_name)
    first = lead(result)
    summary = [headline(first)] if first is not None else []
    for word in (*(name for limit, name in reversed(VERDICTS)), TOO_FEW_BOOKS):
        facets = [
            inside(_(comparison.title))
            for comparison in result.facets
            if comparison.verdict == word and not catalogued_differently(comparison)
        ]
        if facets:
            summary.append(_("{word} by {facets}.", word=capitalised(_(word)), facets=", ".join(facets)))
    artefacts = [inside(_(comparison.title)) for comparison in result.facets if catalogued_differently(comparison)]
    if artefacts:
        summary.append(
            _("Catalogued differently, which says little about the books: {facets}.", facets=", ".join(artefacts))
        )
    if not result.n_elsewhere:
        summary.append(
            _(
                "All {n_population:,} {theirs} are among the {n_sample:,} {ours}: there are no others to"
                " test them against.",
                n_population=result.n_population,
                theirs=theirs,
                n_sample=result.n_sample,
                ours=ours,
            )
        )
    elif result.n_shared:
        part = _("{n_shared:,} of the {n_sample:,}", n_shared=result.n_shared, n_sample=result.n_sample)
        if result.n_shared == result.n_sample:
            part = _("All {n_sample:,}", n_sample=result.n_sample)
        summary.append(
            _(
                "{part} {ours} are among the {n_population:,} {theirs}; they are tested against the other"
                " {n_elsewhere:,}.",
                part=part,
                ours=ours,
                n_population=result.n_population,
                theirs=theirs,
                n_elsewhere=result.n_elsewhere,
            )
        )
    return tuple(summary)


def headline(comparison: FacetComparison) -> str:
    """Say what differs most in a facet: the value most over- and the one most under-represented.

    Where values are missing in one set very much more often than in the other, that is said first, and the rest is
    compared among the books that have a value.
    """
    title, table, verdict = inside(_(comparison.title)), comparison.table, comparison.verdict
    if verdict == TOO_FEW_BOOKS:
        return _("There are too few books to compare the two by {title}.", title=title)
    ours, theirs = table["sample_n"].to_numpy(dtype=float), table["population_n"].to_numpy(dtype=float)
    if verdict == _ALIKE:
        largest = 100 * np.abs(ours / ours.sum() - theirs / theirs.sum()).max()
        return _(
            "By {title} the {sample_name} books are like the {population_name} ones: no value's share"
            " differs by more than {largest:.1f} percentage points.",
            title=title,
            sample_name=comparison.sample_name,
            population_name=comparison.population_name,
            largest=max(largest, 0.1),
        )
    sentences = []
    missing = (table["value"] == missing_value(comparison.facet)).to_numpy(dtype=bool)
    if _missing_gap(comparison, _OVERWHELMING) is not None:
        sentences.append(f"{_missing_words(comparison)}.")
        ours, theirs = np.where(missing, 0, ours), np.where(missing, 0, theirs)
        if min(ours.sum(), theirs.sum()) < MINIMUM_RECORDS:
            return sentences[0]
    before = _("among the others, ") if sentences else ""
    # How often a value is missing tells of records, not of books: it is said where nothing else is worth saying.
    known = ~missing if comparison.facet not in _ABOUT_CATALOGUING else np.ones(len(missing), dtype=bool)
    for position in _extremes(ours, theirs, known) or _extremes(ours, theirs, missing):
        mine, other = ours[position] / ours.sum(), theirs[position] / theirs.sum()
        words = facet_words(comparison.facet, str(table["value"].iloc[position]))
        shares = (
            _("{mine} and {other}", mine=in_percent(mine), other=in_percent(other))
            if sentences
            else _of_both(comparison, mine, other)
        )
        ratio = over_or_under(mine / other if other else math.nan)
        sentences.append(
            _("{before} are {shares}: {ratio}.", before=capitalised(before + words), shares=shares, ratio=ratio)
        )
        before = ""
    if not sentences:
        sentences.append(
            _("By {title} the two differ in many small ways: no value's share by a percentage point.", title=title)
        )
    return " ".join(sentences)


def _extremes(ours: NDArray[np.float64], theirs: NDArray[np.float64], among: NDArray[np.bool_]) -> list[int]:
    """Return where, `among` some values, shares differ most upwards and downwards, as far as it is worth saying."""
    difference = ours / ours.sum() - theirs / theirs.sum()
    difference[(np.maximum(ours, theirs) < MINIMUM_RECORDS) | ~among] = 0
    positions = (int(difference.argmax()), int(difference.argmin()))
    return [position for position in positions if abs(difference[position]) >= _WORTH_SAYING]


def _missing_gap(comparison: FacetComparison, least: float) -> tuple[float, float] | None:
    """Return the shares of books without a value, if they differ by `least` or more."""
    facet, table = comparison.facet, comparison.table
    blank = table[table["value"] == missing_value(facet)]
    if facet in _ABOUT_CATALOGUING or blank.empty:
        return None
    ours, theirs = float(blank["sample_share"].iloc[0]), float(blank["population_share"].iloc[0])
    return (ours, theirs) if abs(ours - theirs) >= least else None


def _missing_words(comparison: FacetComparison) -> str:
    facet, gap = comparison.facet, _missing_gap(comparison, 0.0)
    shares = _of_both(comparison, *gap) if gap else ""
    return _("{facet} are {shares}", facet=capitalised(facet_words(facet, missing_value(facet))), shares=shares)


def _of_both(comparison: FacetComparison, sample_share: float, population_share: float) -> str:
    return _(
        "{sample_share} of the {sample_name} and {population_share} of the {population_name} books",
        sample_share=in_percent(sample_share),
        sample_name=comparison.sample_name,
        population_share=in_percent(population_share),
        population_name=comparison.population_name,
    )


def caveats(comparison: FacetComparison) -> tuple[str, ...]:
    """Say what distorts the comparison: values missing unevenly, languages detected instead of catalogued."""
    sentences, table = [], comparison.table
    if _missing_gap(comparison, _DISTORTING) is not None:
        sentences.append(
            _(
                "{missing_words}: this difference in cataloguing distorts the shares and ratios of all other values.",
                missing_words=_missing_words(comparison),
            )
        )
    if "population_detected_n" in table:
        ours, theirs = int(table["sample_detected_n"].sum()), int(table["population_detected_n"].sum())
        if ours or theirs:
            sentences.append(
                _(
                    "The language was detected from the title, not catalogued, for {ours:,} of the {sample_n:,}"
                    " {sample_name} and {theirs:,} of the {population_n:,} {population_name} books.",
                    ours=ours,
                    sample_n=int(table["sample_n"].sum()),
                    sample_name=comparison.sample_name,
                    theirs=theirs,
                    population_n=int(table["population_n"].sum()),
                    population_name=comparison.population_name,
                )
            )
    return tuple(sentences)


# --- How much a comparison by language rests on languages that were detected from titles ------------------------------


def evidence_sentences(evidence: LanguageEvidence) -> tuple[str, ...]:
    """Say how much of a comparison by language rests on languages that were detected from titles."""
    sentences = [
        _sources(evidence.sample, evidence.sample_name),
        _sources(evidence.population, evidence.population_name),
    ]
    ours, theirs = evidence.sample_name, evidence.population_name
    catalogued, elsewhere = evidence.population.catalogued, evidence.catalogued_elsewhere
    rests = (
        _("what is said by language rests on detection") if evidence.population.detected else _("nothing can be said")
    )
    if not catalogued:
        sentences.append(_("No {theirs} book has a catalogued language: {rests}.", theirs=theirs, rests=rests))
    elif evidence.circular:
        sentences.append(
            _(
                "Of the {catalogued:,} {theirs} books with a catalogued language only {elsewhere:,} are not among the"
                " {ours}: by catalogued languages the {ours} books would be compared with themselves, so {rests}.",
                catalogued=catalogued,
                theirs=theirs,
                elsewhere=elsewhere,
                ours=ours,
                rests=rests,
            )
        )
    if evidence.circular and not evidence.population.detected:
        return tuple(sentences)
    table = evidence.table
    gap = table["sample_n"] / evidence.sample.n - table["population_n"] / evidence.population.n
    gap = gap.where(table["ratio"].notna())
    if gap.isna().all():
        return tuple(sentences)
    row = table.iloc[int(np.nanargmax(gap.to_numpy()))]
    ways = [("", _("with all languages as they are")), ("catalogued_", _("with catalogued ones only"))]
    if "detected_ratio" in table:
        ways.append(("detected_", _("with those detected from the title in both")))
    comparisons = [f"{_times(row, prefix)} {how}" for prefix, how in ways]
    sentences.append(
        _(
            "{language} are {comparisons}.",
            language=capitalised(facet_words(LANGUAGE, str(row["value"]))),
            comparisons=listed(comparisons),
        )
    )
    if "checked_n" in table and int(row["checked_n"]):
        checked, recognised = int(row["checked_n"]), int(row["recognised_n"])
        sentences.append(
            _(
                "The detector recognises {recognised:,} of the {checked:,} books catalogued as {value}"
                " ({recognised_2}).",
                recognised=recognised,
                checked=checked,
                value=row["value"],
                recognised_2=in_percent(recognised / checked),
            )
        )
    return tuple(sentences)


def _times(row: "pd.Series[float]", prefix: str) -> str:
    ratio, low, high = (float(row[f"{prefix}{name}"]) for name in ("ratio", "low", "high"))
    if np.isnan(ratio):
        return _("too few to say")
    return _(
        "{times} ({ratio:.3g}, {low:.3g} to {high:.3g})", times=over_or_under(ratio), ratio=ratio, low=low, high=high
    )


def _sources(sources: LanguageSources, name: str) -> str:
    parts = (
        (sources.catalogued, _("is catalogued")),
        (sources.detected, _("was detected from the title")),
        (sources.unknown, _("is unknown")),
    )
    phrases = [
        _("{how} for {count:,} ({count_2})", how=how, count=count, count_2=in_percent(count / sources.n))
        for count, how in parts
        if count
    ]
    return _(
        "Of the {sources_n:,} {name} books the language {phrases}.",
        sources_n=sources.n,
        name=name,
        phrases=listed(phrases),
    )
