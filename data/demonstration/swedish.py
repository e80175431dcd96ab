"""Swedish titles, in the spelling of their time."""

from typing import Final

__all__ = ["RULES"]

NAMES: Final = {
    "man": (
        "Anders|Birger|Carl|Erland|Fredrik|Gustaf|Henning|Ingvar|Jöns|Knut|Lars|Magnus|Nils|Olof|Pehr|Ragnar|Sven|"
        "Torsten|Ulrik|Axel"
    ),
    "woman": "Agda|Beata|Cecilia|Dagny|Ebba|Frida|Gunilla|Hedvig|Ingrid|Kerstin|Lovisa|Märta|Ottiliana|Sigrid|Thyra",
    "surname": "{s1}{s2}",
    "s1": "Asker|Björm|Dalk|Ekel|Fall|Grön|Häll|Kall|Lill|Mård|Nörd|Oxen|Rut|Sjöm|Tall|Uls|Vret|Ång",
    "s2": "mark|qviller|hjelm|fors|vall|crantz|stråle|berga|skölde|hage|löf|stedt",
    "place": "{p1}{p2}",
    "p1": "Alm|Björk|Dals|Ek|Fors|Grims|Hög|Kungs|Lilla|Mörk|Norr|Rönn|Ske|Söder|Tors|Vester|Åkers|Öster",
    "p2": "by|torp|köping|näs|holm|vik|sund|rum|åsa|hult|stad|bro|landa",
    "person": "3*{man} {surname}|{woman} {surname}|{woman} {surname}|Friherre {man} {surname}",
    "initials": "{letter}. {surname}|{letter}. {letter}. {surname}|Dr {letter}. {surname}",
    "letter": "A|B|C|E|F|G|H|J|K|L|M|N|O|S",
    "region": (
        "Lappland|Dalarne|Skåne|Norrland|Gotland|Småland|Finland|Norge|Ryssland|Spetsbergen|Tyskland|Italien|"
        "Palestina|Värmland|Halland|Pommern|Island|Egypten|Södermanland|Bohuslän"
    ),
    "year": "1{century}{digit}{digit}",
    "century": "5|6|7|8|8",
    "digit": "0|1|2|3|4|5|6|7|8|9",
}

SHARED: Final = {
    "thing": (
        "slottet|kyrkan|qvarnen|byn|staden|klostret|hafvet|ön|bron|kriget|gården|skogen|fjellet|herregården|tornet|"
        "elfven|fästningen|skeppet|hamnen|torpet"
    ),
    "look": "Bilder|Skizzer|Minnen|Anteckningar|Bref|Blad|Teckningar|Utflykter|Taflor",
    "people": "munkar|bönder|soldater|köpmän|pilgrimer|fiskare|knektar|nybyggare|sjömän|prester|lappar|bergsmän",
}

EITHER: Final = {
    "either": (
        "3*{person}|{place}|{look} från {region}|{look} från {place}|{^thing} och {thing}|{^thing} i {region}|"
        "{place}s {people}|En vinter i {region}|En sommar på {place}|Från {place}|Bland {people}|Ur {people}s lif|"
        "De sista {people}|{look} af en gammal man|Gamla {place}|I {region}|{^thing} vid {place}"
    ),
}

FICTION: Final = {
    "tale": "4*roman|3*berättelse|3*novell|historisk roman|originalroman|lustspel|sorgespel|sedemålning|saga",
    "mood": (
        "tysta|sköna|förlorade|gyllene|hemlighetsfulla|trogna|vilda|fattiga|farliga|ensamma|förtrollade|blinda|"
        "stolta|onda|främmande|glada|förbannade|ljufva|besynnerliga|olyckliga|unga|modiga|öfvergifna"
    ),
    "figure": (
        "bruden|tjufskytten|grefvinnan|hittebarnet|mjölnardottern|spelmannen|äfventyraren|tiggaren|fästmön|"
        "smugglaren|fiskarflickan|älskaren|häxan|ungkarlen|svärmodern|dubbelgångaren|styfbarnet|förrädaren|dansösen|"
        "enslingen|enkan|guvernanten|arfvingen|zigenerskan"
    ),
    "token": (
        "ringen|hemligheten|rosen|skuggan|hjertat|eden|testamentet|slöjan|skatten|masken|förbannelsen|kyssen|"
        "förlofningen|spöket|drömmen|spegeln|solfjädern|dolken|vadet|löftet"
    ),
    "feeling": (
        "kärlek|trohet|hämnd|ära|lycka|skuld|passion|svartsjuka|högmod|längtan|ånger|hopp|öfvermod|vansinne|hjertesorg"
    ),
    "fiction": (
        "3*{person}. {^tale}|3*{^figure} på {place}. {^tale}|2*{^token} på {place}. {^tale}|"
        "{^feeling} och {feeling}. {^tale}|{woman}s {feeling}|2*Den {mood} {figure}|{^figure} och {figure}. {^tale}|"
        "{^token}. {^tale} ur lifvet|{^feeling} för {feeling}|Den {mood} {figure} från {place}|"
        "{man} och {woman}. {^tale}|För {feeling} och {feeling}|En {feeling}s historia. {^tale}|{woman} och {figure}|"
        "{^token}. {^tale} från {region}|{person}s dotter. {^tale}|Noveller och berättelser af {initials}|"
        "{^figure} från {place}|{^feeling}. {^tale} i tre akter|{person}s äfventyr|Hvad {woman} upplefde. {^tale}|"
        "Två noveller: {token}; {figure}|Slägten {surname}. {^tale}|Historien om {woman} och {man}|"
        "Min {mood} {figure}. {^tale}|{woman}s {token}"
    ),
    "fiction_end": (
        " ... Andra upplagan|, etc| af {initials}| Af {initials}| [A novel.]| Med teckningar| i två delar|"
        " ... Ny upplaga| Från författarens manuskript"
    ),
}

NONFICTION: Final = {
    "field": (
        "jordbruket|sjöfarten|handeln|bergsbruket|rättsväsendet|geografien|statistiken|botaniken|fiskerierna|"
        "skogsväsendet|myntväsendet|krigskonsten|kyrkohistorien|statshushållningen|fornkunskapen|jernvägarne|"
        "folkundervisningen|geologien"
    ),
    "work": "4*historia|2*beskrifning|krönika|afhandling|handbok|öfversigt|redogörelse|geografi|förteckning|samling",
    "learned": (
        "historisk|geografisk|statistisk|kritisk|geologisk|topografisk|politisk|kort|antiqvarisk|allmän|fosterländsk|"
        "krigshistorisk|kyrklig|naturhistorisk"
    ),
    "event": (
        "fälttåget|upproret|freden|riksdagen|belägringen|reduktionen|reformationen|unionen|expeditionen|"
        "statshvälfningen|regeringen"
    ),
    "body": "stad|län|socken|stift|universitet|domkyrka|härad|provins|bergslag|fästning|församling|skola",
    "source": "efter samtida källor|enligt arkivets handlingar|ur otryckta handlingar|efter officiela uppgifter",
    "nonfiction": (
        "4*{place}s {body}s {work}|2*{^work} öfver {place}s {body}, {source}|2*{^event} i {region} år {year}|"
        "2*Bidrag till {region}s äldre {work}|2*Resa genom {region} år {year}|{^learned} beskrifning öfver {region}|"
        "Handbok i {field}|Lärobok i {field}|Om {field} i {region}|Handlingar rörande {place}s {body}|"
        "Generalen {man} {surname}s lefverne|Om {people} och {field}|{^learned} undersökning om {region}|"
        "{place}s {body} och {field}|Statsrådet {surname}s anteckningar om {event}|{^event} {year}, {source}|"
        "{^learned} studie öfver {field}|Vägvisare genom {place} och omgifning|Land och folk i {region}|"
        "{^learned} {work} om {field}|Tal om {field}|{region}. {^learned} öfversigt|Berättelse om {field} i {region}|"
        "{place}s kyrkor. {^learned} afhandling|Berättelser ur {region}s historia|"
        "Svenska expeditionen till {region} år {year}"
    ),
    "nonfiction_end": (
        " Med kartor| ... Med planscher|, etc| Utgifven af {initials}| Af {initials}| ... Andra upplagan|"
        " [With a map.]| Samlade af {initials}| Första delen| [With plates.]"
    ),
}

VERSE: Final = {
    "verse": (
        "Dikter af {initials}|{^feeling} och {feeling}. Dikter|Visor från {region}|Nya dikter från {place}|"
        "{^figure}. Skaldestycke|Ballader och visor från {region}|{^event} {year}. Skaldestycke i fyra sånger"
    ),
    "verse_end": ", etc| Af {initials}| ... Andra upplagan",
}

RULES: Final = NAMES | SHARED | EITHER | FICTION | NONFICTION | VERSE
