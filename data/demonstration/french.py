"""French titles: the language in which words that elsewhere promise facts so often open a story.

*Histoire*, *mémoires*, *voyage*, *lettres* begin French novels as readily as French histories. A model that has seen a
handful of annotated French titles, and thousands of English words that look the same, is sure of the wrong answer.
"""

from typing import Final

__all__ = ["RULES"]

NAMES: Final = {
    "man": (
        "Achille|Baptiste|Camille|Désiré|Ernest|Félicien|Gaston|Hector|Isidore|Julien|Léonce|Marcel|Octave|Prosper|"
        "Raoul|Sylvain|Théodore|Valentin|Gilbert|Lucien"
    ),
    "woman": (
        "Adèle|Blanche|Céleste|Delphine|Estelle|Flavie|Geneviève|Hortense|Irène|Juliette|Laure|Mathilde|Odette|"
        "Rosalie|Sidonie"
    ),
    "surname": "{s1}{s2}|{s1}{s2}|de {s1}{s2}",
    "s1": "Bel|Char|Dor|Fres|Gran|Lar|Mar|Mont|Pel|Rou|Sar|Tour|Val|Vern|Bois|Cour|Per|Fon",
    "s2": "vigny|tellier|donnay|guyon|lande|bert|ville|mière|chaud|sac|rolles|nand|vaux|quier",
    "place": "{p1}{p2}",
    "p1": "Beau|Champ|Clair|Font|Grand|Mont|Neuf|Pont|Roche|Saint-Vol|Val|Ville|Ver|Haute|Mar|Cour|Bel|Chante",
    "p2": "bourg|ville|fort|croix|vieux|court|lieu|val|roy|marais|rive|merle",
    "person": "3*{man} {surname}|{woman} {surname}|{woman} {surname}|le chevalier {surname}|la marquise {surname}",
    "initials": "{letter}. {s1}{s2}|{letter}. de {s1}{s2}|M. {s1}{s2}",
    "letter": "A|B|C|D|E|F|G|H|J|L|M|P|V",
    "region": (
        "Bretagne|Normandie|Provence|Bourgogne|Champagne|Picardie|Gascogne|Savoie|Lorraine|Touraine|Perse|Syrie|"
        "Pologne|Russie|Suisse|Tunisie|Guyane|Corse|Sicile|Norvège"
    ),
    "year": "1{century}{digit}{digit}",
    "century": "5|6|7|7|8|8",
    "digit": "0|1|2|3|4|5|6|7|8|9",
}

SHARED: Final = {
    "thing": (
        "le château|la chapelle|le moulin|le village|la ville|le couvent|la mer|le siège|le pont|la guerre|le port|"
        "la montagne|le marché|la forêt|la tour|le palais|la vallée|la ferme|le régiment|le rivage"
    ),
    "look": "Souvenirs|Scènes|Tableaux|Esquisses|Croquis|Lettres|Récits|Promenades|Causeries|Feuillets",
    "people": "moines|soldats|pèlerins|bergers|marchands|pêcheurs|rois|paysans|chouans|camisards|corsaires|croisés",
}

EITHER: Final = {
    "either": (
        "3*{^person}|{place}|{look} d'un séjour en {region}|{look} de {place}|{^thing} et {thing}|"
        "{^thing} en {region}|Les {people} de {place}|Un hiver en {region}|Un été à {place}|De {place} à {place}|"
        "Les derniers {people}|Au temps des {people}|{^thing} de {place}|{look} de vingt ans|En {region}|"
        "La vie des {people}"
    ),
}

FICTION: Final = {
    "tale": "roman|nouvelle|conte|roman de mœurs|comédie en trois actes|drame en cinq actes|récit",
    "figure": (
        "un orphelin|une orpheline|un bohémien|une coquette|un gentilhomme|une veuve|un jeune homme|une fiancée|"
        "un fripon|une comédienne|un enfant trouvé|une grisette|un bossu|une belle-mère|un amoureux|un étourdi|"
        "une ingénue|un vagabond|une demoiselle de province|un vieux garçon"
    ),
    "token": (
        "la bague|le secret|la rose|le masque|le serment|la dot|le baiser|la promesse|le collier|le fantôme|"
        "l'héritage|le bouquet|la lanterne|le rêve|la mésalliance|le poignard|l'éventail|la sorcière"
    ),
    "feeling": (
        "amour|honneur|vengeance|jalousie|folie|orgueil|bonheur|remords|caprice|passion|fortune|repentir|tendresse"
    ),
    # What a reader who knows the language takes for a story.
    "fiction": (
        "3*{^person}, {tale}|{^token} de {place}, {tale}|{^feeling} et {feeling}, {tale}|Les amours de {person}|"
        "{^token} et {token}, {tale}|{woman}, ou {token}|La fille de {person}|Les deux amoureux de {place}|"
        "Le mariage de {woman}, {tale}|La fiancée de {place}"
    ),
    # The same, in words that promise facts.
    "disguised": (
        "4*Histoire de la {body} de {place}, et d'{figure}|3*Voyage d'{figure} en {region}, en {year}|"
        "3*Mémoires sur la {event} de {year}, par {figure}|2*Histoire du général {surname} et d'{figure}|"
        "2*Voyage en {region}, d'après les lettres d'{figure}|Annales de la {body} de {place}, d'après {figure}|"
        "2*Description {learned} de {place}, et de {token}|Correspondance du ministre {surname} avec {figure}|"
        "2*La {event} de {year}, ou {token} et {token}|Histoire de la {event} en {region}, et d'{figure}|"
        "2*Mémoires du général {surname}, ou {token}|Vie du général {surname}, et d'{figure}|"
        "Recherches sur la {body} de {place}, et sur {token}|Histoire d'{figure}, d'après les archives de {place}"
    ),
    "disguised_end": "{fiction_end}|{nonfiction_end}",
    "fiction_end": (
        " ... Deuxième édition|, etc| par {initials}| Par {initials}| ... Nouvelle édition| Traduit par {initials}|"
        " Avec gravures| tom. 1-2"
    ),
}

NONFICTION: Final = {
    "field": (
        "géologie|botanique|agriculture|navigation|statistique|archéologie|numismatique|géographie|"
        "économie politique|législation|météorologie|fortification|colonisation|sylviculture|administration|"
        "instruction publique"
    ),
    "learned": (
        "historique|géographique|statistique|critique|géologique|topographique|politique|archéologique|générale|"
        "militaire|ecclésiastique|biographique"
    ),
    "event": (
        "campagne|révolution|révolte|réforme|bataille|expédition|ambassade|peste|restauration|conquête|assemblée|"
        "défense"
    ),
    "body": "ville|province|paroisse|commune|université|généralité|citadelle|seigneurie|cathédrale|colonie|vicomté",
    "source": (
        "d'après les documents originaux|d'après les archives|d'après des manuscrits inédits|"
        "suivie de pièces justificatives"
    ),
    "nonfiction": (
        "4*Histoire de la {body} de {place}|2*Histoire de la {body} de {place}, {source}|"
        "2*La {event} de {year} en {region}|2*Description {learned} de la {region}|2*Voyage en {region}, en {year}|"
        "Mémoires sur la {event} de {year}|Traité de {field}|Éléments de {field}|Notice {learned} sur {place}|"
        "La {region} {learned}|Essai sur la {field} en {region}|Recherches sur la {body} de {place}|"
        "Études de {field}|Vie du général {surname}|Correspondance du ministre {surname}|Statistique de la {region}|"
        "Guide de {place} et de ses environs|Annales de la {body} de {place}|Rapport sur la {field} en {region}|"
        "Notice biographique sur {man} {surname}|La {event} de {place}, {source}|"
        "Inventaire des archives de la {body} de {place}|Manuel de {field}|Géographie de la {region}|"
        "Précis de l'histoire de la {region}|La {body} de {place}. Étude {learned}"
    ),
    "nonfiction_end": (
        " Avec cartes| ... Avec planches|, etc| Publié par {initials}| Par {initials}| ... Deuxième édition|"
        " [With a map.]| tom. 1-2| Première partie| [With plates.]"
    ),
}

VERSE: Final = {
    "verse": (
        "Poésies de {initials}|{^feeling} et {feeling}, poésies|Chansons de {region}|{^token}, poème|"
        "La {event}, poème en six chants|Ballades et chansons de {place}"
    ),
    "verse_end": ", etc| Par {initials}| ... Deuxième édition",
}

RULES: Final = NAMES | SHARED | EITHER | FICTION | NONFICTION | VERSE
