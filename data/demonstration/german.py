"""German titles. Noun phrases carry their article, so that every adjective can end in -e."""

from typing import Final

__all__ = ["RULES"]

NAMES: Final = {
    "man": (
        "Adalbert|Balthasar|Eberhard|Friedrich|Gottfried|Heinrich|Johannes|Konrad|Leopold|Moritz|Ottokar|Rudolf|"
        "Siegmund|Theodor|Ulrich|Wolfgang|Anton|Ernst|Kaspar|Lorenz"
    ),
    "woman": (
        "Adelheid|Brigitte|Elsbeth|Gertrud|Hedwig|Irmgard|Klara|Leonore|Mathilde|Ottilie|Rosalie|Sophie|Therese|"
        "Walburga"
    ),
    "surname": "{s1}{s2}",
    "s1": "Brack|Dorn|Eschen|Falk|Grau|Hart|Imm|Kall|Lind|Mohr|Nagel|Ost|Pfeil|Quast|Rosen|Stahl|Trott|Ufer|Wald|Zell",
    "s2": "winkel|hagel|brink|stetter|mair|hauer|loh|rieder|wecker|reuter|kamp|mund|länder|egger",
    "place": "{p1}{p2}",
    "p1": (
        "Alten|Birken|Diepen|Eichen|Frauen|Grün|Hirsch|Königs|Linden|Mühl|Neuen|Ober|Reichen|Stein|Unter|Wolken|Zwei|"
        "Kirch"
    ),
    "p2": "burg|dorf|heim|stein|thal|hausen|feld|bronn|au|brück|münster|weiler|hofen|rode",
    "person": "3*{man} {surname}|2*{man} von {place}|{woman} {surname}|{woman} von {place}",
    "initials": "{letter}. {surname}|{letter}. {letter}. {surname}|Dr. {letter}. {surname}",
    "letter": "A|B|C|E|F|G|H|J|K|L|M|O|R|W",
    "region": (
        "Tirol|Böhmen|Schwaben|Pommern|Siebenbürgen|Ungarn|Schlesien|Westfalen|Norwegen|Ägypten|Griechenland|Persien|"
        "Brasilien|Thüringen|Holstein|Kamerun|Kärnten|Sachsen|Franken|Italien|Sibirien|Mähren"
    ),
    "year": "1{century}{digit}{digit}",
    "century": "5|6|7|8|8",
    "digit": "0|1|2|3|4|5|6|7|8|9",
}

SHARED: Final = {
    "thing": (
        "die Burg|das Schloss|der Hof|die Mühle|das Kloster|der Wald|das Dorf|die Stadt|der Berg|die Brücke|das Thal|"
        "der Krieg|die Insel|der See|die Kirche|das Meer|der Turm|das Haus|die Heide|der Markt|das Heer|"
        "die Belagerung"
    ),
    "bare_thing": "Burg|Schloss|Hof|Mühle|Kloster|Wald|Dorf|Stadt|Berg|Krieg|Insel|Kirche|Turm|Haus|Heide|Heer",
    "look": "Bilder|Skizzen|Erinnerungen|Briefe|Blätter|Wanderungen|Schilderungen|Tagebuchblätter|Streifzüge",
    "people": (
        "Mönche|Bauern|Soldaten|Kaufleute|Pilger|Hirten|Ritter|Studenten|Auswanderer|Bergleute|Fischer|Landsknechte"
    ),
}

EITHER: Final = {
    "either": (
        "3*{person}|{place}|{look} aus {region}|{look} aus {place}|{^thing} in {region}|{^thing} und {thing}|"
        "Die {people} von {place}|Ein Winter in {region}|Ein Sommer in {place}|Aus {place}|Unter {region}s Himmel|"
        "{bare_thing} {place}|Aus dem Leben der {people}|In {region}|Die letzten {people}|Aus alter Zeit. {look}|"
        "{look} eines alten Mannes"
    ),
}

FICTION: Final = {
    "tale": (
        "4*Roman|3*Erzählung|3*Novelle|Historischer Roman|Dorfgeschichte|Trauerspiel|Lustspiel|Original-Roman|"
        "Eine Geschichte"
    ),
    "mood": (
        "stille|schöne|verlorene|goldene|geheimnisvolle|treue|wilde|arme|gefährliche|einsame|verzauberte|blinde|"
        "stolze|böse|heimliche|rote|letzte|fremde|lustige|verfluchte|sanfte|seltsame|unglückliche|junge"
    ),
    "figure": (
        "die Waise|die Braut|der Wilddieb|der Zigeuner|die Gräfin|der Findling|das Waldmädchen|die Müllerin|"
        "der Spielmann|der Abenteurer|die Nachtwandlerin|der Bettler|die Verlobte|der Schmuggler|das Fischermädchen|"
        "der Freier|die Hexe|der Junggeselle|die Schwiegermutter|der Doppelgänger|das Stiefkind|der Verräter|"
        "die Tänzerin|der Einsiedler"
    ),
    "heroine": (
        "Waise|Braut|Gräfin|Verlobte|Bettlerin|Tänzerin|Zigeunerin|Müllerin|Nachtwandlerin|Geigerin|Witwe|"
        "Försterstochter"
    ),
    "hero": (
        "Wilddieb|Findling|Spielmann|Abenteurer|Schmuggler|Junggeselle|Einsiedler|Verräter|Doppelgänger|Bettler|"
        "Geiger|Freier"
    ),
    "abode": "Hof|Schloss|Kloster|Wald|Dorf|Turm|Haus|Garten|Gasthof|Pfarrhaus",
    "spot": "Hof|Wald|Turm|Berg|Garten|Gasthof|Brunnen|Graben|Weiher|Hügel",
    "token": (
        "der Ring|das Geheimnis|die Rose|der Schatten|das Herz|der Schwur|die Locke|das Testament|der Schleier|"
        "der Schatz|die Maske|das Veilchen|der Fluch|der Kuss|die Verlobung|das Gespenst|der Traum|die Laterne|"
        "der Spiegel"
    ),
    "feeling": (
        "Liebe|Treue|Rache|Ehre|Glück|Schuld|Leidenschaft|Eifersucht|Hochmut|Sehnsucht|Reue|Hoffnung|Übermut|Wahnsinn"
    ),
    "fiction": (
        "3*{person}. {tale}|3*{^figure} von {place}. {tale}|2*{^token} von {place}. {tale}|"
        "{feeling} und {feeling}. {tale}|{woman}s {feeling}|Die {mood} {heroine}|2*{^figure} und {figure}. {tale}|"
        "{^token} im {abode}. {tale}|{feeling} um {feeling}|Der {mood} {man}|{man} und {woman}. {tale}|"
        "Um {feeling} und {feeling}. {tale}|Eine {mood} {feeling}. {tale}|{woman}, {figure}|{heroine} und {hero}|"
        "Zwei Novellen. {^token}. {^figure}|Die Geschichte von {man} und {woman}|"
        "Der {mood} {spot}. {tale} aus {region}|Die Tochter des {surname}|{man} der {hero}|"
        "Gesammelte Novellen von {initials}|Der {hero} von {place}|Die Braut von {place}. {tale}|"
        "{feeling}. {tale} in drei Akten|Die Abenteuer des {man} {surname}|Das Märchen vom {mood}n {spot}"
    ),
    "fiction_end": (
        " ... Zweite Auflage|, etc| von {initials}| Von {initials}| ... Neue Ausgabe| [A novel.]| in zwei Bänden|"
        " Mit Illustrationen| Aus dem Leben erzählt von {initials}"
    ),
}

NONFICTION: Final = {
    "field": (
        "Geologie|Landwirthschaft|Geographie|Statistik|Bergbaukunde|Botanik|Verfassung|Rechtspflege|Handelskunde|"
        "Gewerbekunde|Forstwirthschaft|Kriegführung|Münzkunde|Erdkunde|Naturgeschichte|Volkswirthschaft|"
        "Alterthumskunde|Kirchengeschichte|Eisenbahnen|Schiffahrt"
    ),
    "work": (
        "4*Geschichte|2*Beschreibung|Chronik|Darstellung|Handbuch|Topographie|Landeskunde|Statistik|Urkundenbuch|"
        "Übersicht|Führer"
    ),
    "learned": (
        "historische|geographische|statistische|kritische|geologische|topographische|politische|kurze|urkundliche|"
        "allgemeine|vaterländische|militärische|kirchliche|naturwissenschaftliche"
    ),
    "event": (
        "Feldzug|Aufstand|Friede|Reichstag|Bauernkrieg|Einfall|Erbfolgekrieg|Anschluss|Aufruhr|Landtag|Winterfeldzug"
    ),
    "body": (
        "Stadt|Herrschaft|Grafschaft|Universität|Pfarrei|Provinz|Abtei|Gemeinde|Reichsstadt|Festung|Landschaft|Diözese"
    ),
    "source": "nach den Quellen|aus den Akten|nach Urkunden bearbeitet|quellenmässig dargestellt|aus dem Stadtarchiv",
    "nonfiction": (
        "4*{work} der {body} {place}|2*{work} der {body} {place}, {source}|2*Der {event} in {region} im Jahre {year}|"
        "Beiträge zur {work} von {region}|2*Reise durch {region} im Jahre {year}|"
        "{^learned} Beschreibung von {region}|Handbuch der {field} und {field}|Grundriss der {field}|"
        "Lehrbuch der {field} für Schulen|Die {field} in {region}|Urkunden zur Geschichte der {body} {place}|"
        "Das Leben des Generals {man} {surname}|{region} in seiner {field}|Über die {field} der {people}|"
        "{^learned} Untersuchungen über {region}|Die {body} {place} und ihre {field}|"
        "Denkwürdigkeiten des Ministers {surname}|Der {event} von {year}, {source}|{learned} Studien zur {field}|"
        "Führer durch {place} und Umgebung|{work} des {event}s|Land und Leute in {region}|Die {field}, {source}|"
        "Zur {field} von {region}. Eine {learned} Abhandlung|{region}. {^learned} Skizzen und Studien|"
        "Festschrift der {body} {place}|Erzählungen aus der Geschichte von {region}|"
        "Verhandlungen des Vereins für {field}"
    ),
    "nonfiction_end": (
        " Mit Karten| ... Mit 12 Tafeln|, etc| Herausgegeben von {initials}| Von {initials}| ... Zweite Auflage|"
        " [With a map.]| Bearbeitet von {initials}| Erster Theil| Mit Abbildungen| [With plates.]"
    ),
}

VERSE: Final = {
    "verse": (
        "Gedichte von {initials}|{feeling} und {feeling}. Gedichte|Lieder aus {region}|Neue Gedichte aus {place}|"
        "{^figure}. Ein episches Gedicht|Balladen und Lieder aus {region}|Der {event}. Ein Gesang in zehn Liedern"
    ),
    "verse_end": ", etc| Von {initials}| ... Zweite Auflage",
}

RULES: Final = NAMES | SHARED | EITHER | FICTION | NONFICTION | VERSE
