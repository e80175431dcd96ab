"""What an audit of labels found: whose labels are out of line, and how many labels people should look at again."""

import math

from core.formatting import capitalised, listed, upper_percent
from core.label_audit import GROUPINGS, LabelAudit, SuspectGroup, group_phrase
from core.label_audit.confounding import EXPLAINED, STANDS
from core.statistics import MINIMUM_RECORDS

__all__ = ["detail", "finding", "headline", "sentences"]


def sentences(audit: LabelAudit) -> tuple[str, ...]:
    """Return whose labels are out of line, how many are suspect, and what that means."""
    first = [headline(group) if _already_reported(audit, group) else finding(group) for group in audit.flagged]
    if not first:
        tested = int(audit.groups["p"].notna().sum())
        kinds = " or ".join(GROUPINGS[by] for by in GROUPINGS if by in set(audit.groups["by"])) or "group"
        first = [f"No {kinds} has labels out of line with the rest ({tested:,} groups compared)."]
    return (
        *first,
        f"{int(audit.books['suspect'].sum()):,} of {len(audit.books):,} labels look wrong, to a model that has not seen"
        f" the book. The cut-off calls at most {upper_percent(audit.false_alarm)} of right labels suspect (at most"
        f" {math.ceil(audit.expected_false):,} here, if every label were right): suspects are to be looked at, not to"
        " be corrected unseen.",
        *(finding(group) for group in audit.findings if not group.flagged),
        *audit.notes,
    )


def _already_reported(audit: LabelAudit, group: SuspectGroup) -> bool:
    """Whether a finding that comes first tells already how this group goes together with it."""
    before = audit.findings[: audit.findings.index(group)]
    return any((group.by, group.value) in other.partners and other.flagged for other in before)


def finding(group: SuspectGroup) -> str:
    """Say how many labels of a group look wrong, and what it may be confused with."""
    return f"{headline(group)} {detail(group)}".strip()


def headline(group: SuspectGroup) -> str:
    """Say how many labels of a group look wrong."""
    times = f", {group.ratio:.1f} times the rest" if math.isfinite(group.ratio) else ""
    phrase = capitalised(group_phrase((group.by, group.value)))
    return f"{phrase}: {group.suspects:,} of {group.n:,} labels look wrong{times}."


def detail(group: SuspectGroup) -> str:
    """Say what a group goes together with or is explained by; '' when it stands."""
    if group.status == STANDS:
        return ""
    partners = len(group.partners)
    outside = group.cells[partners]
    alone = f"{outside['suspects']:,} of {outside['n']:,}"
    names = listed(map(group_phrase, group.partners))
    if group.status == EXPLAINED:
        return f"They come from {names}: outside, {alone} look wrong, no more than elsewhere."
    shares = [
        f"{group_phrase(other)} {cell['suspects']:,} of {cell['n']:,}"
        for other, cell in zip(group.partners, group.cells, strict=False)
    ]
    sentence = f"Of these, {listed(shares)}; outside {'it' if partners == 1 else 'these'} {alone}."
    if int(outside["n"]) < MINIMUM_RECORDS:
        return f"{sentence} Nearly all these books belong to {names}: the two cannot be told apart, so look at both."
    if sum(int(cell["n"]) for cell in group.cells[partners + 1 :]) < MINIMUM_RECORDS * partners:
        return f"{sentence} Nearly all books of {names} are among these: the two cannot be told apart, so look at both."
    return f"{sentence} Neither is out of line without the other: look at the books that are both."
