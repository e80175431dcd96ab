"""English verse: fiction in the broad sense, in words that the annotators hardly met.

Half of it sings of what novels tell of; the other half of what guide-books and histories describe. The second half
is where a model that has seen next to no verse goes wrong.
"""

from typing import Final

__all__ = ["RULES"]

RULES: Final = {
    "verse_kind": (
        "12*poem|2*ballad|ode|elegy|2*poem in {number} cantos|descriptive poem|didactic poem|sacred poem|"
        "satire in verse|poem in blank verse|historical poem|lyrical ballad|metrical essay|poem in {number} books"
    ),
    "verse_many": (
        "8*poems|2*verses|2*songs|2*ballads|sonnets|lyrics|odes|rhymes|hymns and verses|miscellaneous poems|epigrams"
    ),
    "lyric": (
        "harp|lyre|nightingale|minstrel|maiden|heart|moonlight|wild flower|rose|lute|fancy|muse|skylark|hearth|bower|"
        "star|garland|dream|primrose|shepherd|violet|tear|twilight|wreath|lily|kiss|love|sorrow"
    ),
    "occasion": (
        "death of {office} {surname}|opening of the {place} railway|{event} of {year}|{event} in {region}|"
        "enclosure of {place} common|climate of {region}|present state of {science}|pleasures of {science}|"
        "antiquities of {place}|manufactures of {place}|inhabitants of {region}|commerce of {place}|"
        "rebuilding of {place} church"
    ),
    "verse_note": (
        "with notes historical and topographical|with an introduction and notes|with an appendix|"
        "with notes by {initials}|with a glossary of the dialect|with a memoir of the writer|"
        "with a map of the {body}|with notes from {source}"
    ),
    # What a reader of novels would recognise.
    "verse_lyrical": (
        "3*{^verse_many} of {feeling} and {feeling}|2*The {mood} {lyric}, and other {verse_many}|"
        "The {lyric} and the {lyric}. A {verse_kind}|2*{woman}; or, the {mood} {lyric}. A {verse_kind}|"
        "The {mood} {kin}. A {verse_kind}|A {lyric}'s {feeling}, and other {verse_many}|{person}. A {verse_kind}|"
        "{^lyric} {verse_many}|The {trade}'s {kin}, and other {verse_many}|The {mood} {heroine_is}. A {verse_kind}|"
        "{^verse_many} of the {lyric} and the {lyric}|The {lyric} of {place}. A {verse_kind}"
    ),
    # What a reader of histories and guide-books would recognise.
    "verse_topical": (
        "3*The {event} of {year}. A {verse_kind}, {verse_note}|3*{^verse_kind} on the {occasion}|"
        "2*{^verse_many} on the {occasion}|2*{place}: a {verse_kind}, {verse_note}|"
        "The {aspect} of {region}. A {verse_kind}, {verse_note}|The {body} of {place}, a {verse_kind}|"
        "2*{^verse_many} on several occasions, {verse_note}|The {event} in {region}. A {verse_kind}|"
        "A {verse_kind} on {science}, addressed to {office} {surname}|"
        "The {people} of {region}. A {verse_kind}, {verse_note}|The campaigns of {office} {surname}. A {verse_kind}|"
        "{^verse_many} on {science}, and on the {event} of {year}|{^verse_many}, {verse_note}|"
        "A tour in {region}. A {verse_kind}"
    ),
    "verse_end": (
        ", etc| By {initials}| [By {initials}.]| ... {ordinal} edition| [In verse.]| [With plates.]|"
        " Printed for the author| ... With notes| By a resident of {place}| pt. 1| For private circulation"
    ),
}
