"""Articles, prepositions, conjunctions, pronouns, forms of "to be": they tell the language and the manner of a title.

A model may well do worse on titles with "by" in them, but nobody learns from it what kind of book fails. So these words
are no facts of their own, and a word family or a pair of words needs something else in it. The list is closed-class
words of the languages that are common in the catalogues this was made for; a language that is not here is caught by
how many of its titles hold the word (see :mod:`core.slices.terms`).
"""

from typing import Final

__all__ = ["FUNCTION_WORDS"]

# Left out on purpose, because they are nouns in another of the languages: door, hat, man, men, sin, son, vers, war.
_ENGLISH = """a about above after against all also an and any are as at be been before being below between both but by
    can did do does during each either etc for from had has have he her hers him his how i if in into is it
    its itself may me more most my no nor not of off on or other others our out over shall she should so some
    such than that the thee their them then there these they this those thou through thy till to too under
    until unto up upon very was we were what when where which while who whom whose why will with within
    without would yet you your"""
_GERMAN = """aber alle aller als am an andere anderen auch auf aus bei beim bis da das dass daß dem den denn der des
    dessen die dies diese dieser doch durch ein eine einem einen einer eines er es für gegen ihr ihre ihrem
    ihren ihrer im in ins ist kein keine mit nach nebst nicht noch nur ob oder ohne sein seine seinem seinen
    seiner sich sie sind so über um und unter vom von vor was wie wird wo zu zum zur zwischen"""
_DUTCH = """aan al alle als bij dan dat de den der des deze die dit een eene eenen en er haar had heeft het hij hunne
    in is met na naar naer niet nog nu of om onder ook op over te ten ter tot tusschen tussen uit van vande
    voor waar was wat wordt ze zich zijn zijne zoo zy"""
_FRENCH = """à a au aux avec ce ces cette chez comme dans de depuis des du elle en entre est et eux il ils je la le
    les leur leurs lui mais même ne nos notre nous on ou où par pas plus pour près qu que qui sa sans se ses
    si sous sur tout toute toutes tous un une votre vous y"""
_ITALIAN = """ad agli ai al alla alle allo anche che chi coi col con contro da dagli dai dal dalla dalle de degli dei
    del della delle dello di e ed fra gli i il in io la le lo ma nei nel nella nelle nello non o per più
    quale quali se si sia su sua sue sui sul sulla sulle suo suoi tra un una uno"""
_SPANISH = """al ante como con contra cual de del desde e el en entre es esta este hasta la las lo los más mi no o para
    pero por que se según ser sobre su sus un una unas unos y ya"""
_PORTUGUESE = """ao aos as com da das de do dos em entre na nas no nos o os ou para pela pelas pelo pelos por seu seus
    sua suas um uma"""
_SCANDINAVIAN = """af alla alle än är at att av både de del dem den denne deras der dess det det die då där efter eller
    en er ett et et fra från för før ham han hans har hendes hennes hos hun hvad i icke ikke inom inte jag jeg
    kan med mellan mellem mod mot når och og også om op over på samt se sig sina sine som til till under upp
    ur ut var ved vid vil"""
_LATIN = """a ab ac ad an apud atque aut cum de e ejus eius est et ex in inter nec non per post pro quae quam qui
    quibus quod sed seu sine sive sub super ut vel"""

FUNCTION_WORDS: Final = frozenset(
    f"{_ENGLISH} {_GERMAN} {_DUTCH} {_FRENCH} {_ITALIAN} {_SPANISH} {_PORTUGUESE} {_SCANDINAVIAN} {_LATIN}".split()
)
