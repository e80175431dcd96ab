"""Pieces of the Representativeness page: the summary of all facets, the table of one, the words for keywords."""

from typing import Any

import pandas as pd
import streamlit as st

from core.representativeness import FacetComparison, Representativeness
from core.wording.representativeness import headline
from dashboard import widgets
from dashboard.tables import show_table

__all__ = ["METHOD_NOTE", "facet_table", "keyword_sentence", "summary", "summary_table"]

METHOD_NOTE = (
    "For each facet the shares of the sample and of the collection are compared. **Share that would have to"
    " move** (total"
    " variation distance) is the part of the sample's books that would have to be other books for the two to be alike;"
    " beside it stands what a random sample of the same size would show by chance. The verdict goes by that"
    " size, never by"
    " the p value, which only says whether chance alone could have made the difference (chi-square, small cells pooled,"
    " adjusted for all facets together after Holm). Ratios are ratios of shares with 95 % intervals (Katz, on the"
    " logarithm); values of fewer than 10 books in both sets have none. A missing value is a value of its own."
    " Where the"
    " sample is part of the collection, interval and test compare it with the rest of the collection."
)

_MAX_SHOWN = ("facet", "verdict", "what differs most", "would have to move", "by chance")


def summary(representativeness: Representativeness) -> pd.DataFrame:
    """Return one row a facet: verdict in words, effect sizes, what differs most."""
    return pd.DataFrame(
        [
            {
                "facet": comparison.title,
                "verdict": comparison.verdict,
                "what differs most": headline(comparison),
                "would have to move": comparison.tvd,
                "by chance": comparison.tvd_by_chance,
                "divergence (bits)": comparison.jsd_bits,
                "Cramér's V": comparison.cramers_v,
                "p, adjusted": comparison.p_adjusted,
            }
            for comparison in sorted(
                representativeness.facets,
                key=lambda comparison: -(comparison.tvd if comparison.tvd == comparison.tvd else -1),
            )
        ]
    )


def summary_table(table: pd.DataFrame) -> None:
    """Show what a curator reads of the summary; the download has the statistics too."""
    show_table(
        table[list(_MAX_SHOWN)],
        shares=["would have to move", "by chance"],
        lines=5,
        height="content",
        columns={
            "facet": st.column_config.TextColumn(width=110),
            "verdict": st.column_config.TextColumn(width=90),
            "what differs most": st.column_config.TextColumn(width=450),
            "would have to move": st.column_config.NumberColumn(
                width=155,
                help="The part of the sample that would have to be other books for the two to be alike",
            ),
            "by chance": st.column_config.NumberColumn(
                width=90, help="What a sample of the same size drawn at random would show"
            ),
        },
        alt="How the sample differs from the collection, one row a facet, the largest difference first",
    )


def facet_table(comparison: FacetComparison, sample: str, population: str) -> None:
    """Show every value of a facet with counts, shares and ratio."""
    names = {
        "value": comparison.title.lower(),
        "sample_share": f"share in {sample}",
        "population_share": f"share in {population}",
        "ratio": "times as frequent",
        "low": "at least",
        "high": "at most",
        "sample_n": f"books in {sample}",
        "population_n": f"books in {population}",
        "residual": "standard errors from chance",
        "sample_detected_n": f"detected in {sample}",
        "population_detected_n": f"detected in {population}",
    }
    shown = comparison.table[[column for column in names if column in comparison.table]].rename(columns=names)
    numbers: dict[str, Any] = {
        names[key]: st.column_config.NumberColumn(format="%.2f", width=width)
        for key, width in (("ratio", 125), ("low", 70), ("high", 70))
    }
    numbers |= {names[key]: st.column_config.Column(width=185) for key in ("sample_share", "population_share")}
    numbers[names["value"]] = st.column_config.TextColumn(width=140)
    show_table(
        shown.drop(columns=names["residual"], errors="ignore"),
        shares=[names["sample_share"], names["population_share"]],
        columns=numbers,
        alt=f"{comparison.title}: counts, shares, ratios",
    )
    widgets.download_table(shown, f"{sample}-{population}-{comparison.facet}")


def keyword_sentence(table: pd.DataFrame) -> str:
    """Say how often the words stand in titles of each set."""
    sums = table.groupby(["word", "set"], sort=False)[["n_with_word", "n_titles"]].sum().reset_index()
    parts = [
        f"“{row['word']}” in {row['n_with_word']:,} of {row['n_titles']:,} titles of {row['set']}"
        for row in sums.to_dict("records")
    ]
    return "; ".join(parts) + "."
