"""Dutch titles, in the spelling of their time."""

from typing import Final

__all__ = ["RULES"]

NAMES: Final = {
    "man": (
        "Adriaan|Barend|Cornelis|Diederik|Evert|Floris|Gerrit|Hendrik|Izaäk|Jacob|Karel|Lodewijk|Maarten|Nicolaas|"
        "Otto|Pieter|Reinier|Sander|Teunis|Willem"
    ),
    "woman": (
        "Aagje|Belia|Cornelia|Digna|Elsje|Fenna|Geertruida|Hester|Jacoba|Klaartje|Lijsbeth|Machteld|Neeltje|Saartje|"
        "Trijntje"
    ),
    "surname": "{tussen} {s1}{s2}|{s1}{s2}",
    "tussen": "van|van der|de|ter",
    "s1": "Brink|Door|Elz|Graaf|Hoog|Kerk|Lange|Moer|Nieuw|Oor|Polder|Rijn|Schoon|Terp|Uit|Vlier|Water|Zand",
    "s2": "horst|veen|laan|meer|dijk|hout|zwaag|bosch|sloot|wiel|kamp|vliet|hage",
    "place": "{p1}{p2}",
    "p1": "Alde|Boven|Coever|Does|Eken|Goede|Harde|Isel|Kortge|Lindel|Mijd|Noord|Ooster|Raven|Stee|Wester|Zuider|Oude",
    "p2": "dam|wijk|kerk|burg|drecht|huizen|broek|lo|stein|woude|sluis|rode|haven",
    "person": "3*{man} {surname}|{woman} {surname}|{woman} {surname}|Jonkheer {man} {surname}",
    "initials": "{letter}. {s1}{s2}|{letter}. {letter}. van {s1}{s2}|Mr. {letter}. {s1}{s2}",
    "letter": "A|B|C|D|E|F|G|H|J|K|L|M|P|W",
    "region": (
        "Java|Suriname|Zeeland|Friesland|Gelderland|Brabant|Curaçao|Vlaanderen|Drenthe|Overijssel|Noorwegen|Italië|"
        "Egypte|Sumatra|Limburg|Transvaal|Spanje|Borneo|Groningen|de Kaap|Zwitserland|Atjeh"
    ),
    "year": "1{century}{digit}{digit}",
    "century": "5|6|6|7|8|8",
    "digit": "0|1|2|3|4|5|6|7|8|9",
}

SHARED: Final = {
    "thing": (
        "het kasteel|de kerk|de molen|het dorp|de stad|het klooster|de zee|het eiland|de brug|het leger|de oorlog|"
        "de dijk|de hofstede|het schip|de toren|het bosch|de haven|het slot|de heide|de polder"
    ),
    "bare_thing": "kasteel|dorp|klooster|eiland|schip|slot|bosch|raadhuis|weeshuis|stadhuis|veer",
    "look": "Schetsen|Herinneringen|Tafereelen|Bladen|Brieven|Beelden|Losse bladen|Omzwervingen|Gedenkbladen",
    "people": (
        "geuzen|monniken|visschers|boeren|soldaten|kooplieden|zeelieden|pelgrims|ridders|kolonisten|veenwerkers|burgers"
    ),
}

EITHER: Final = {
    "either": (
        "3*{person}|{place}|{look} uit {region}|{look} uit {place}|{^thing} en {thing}|{^thing} in {region}|"
        "De {people} van {place}|Een winter in {region}|Een zomer te {place}|Uit {place}|Het {bare_thing} te {place}|"
        "Onder de {people}|Uit het leven der {people}|Het oude {bare_thing}|De laatste {people}|"
        "{look} van een oud man|In de dagen der {people}"
    ),
}

FICTION: Final = {
    "tale": (
        "4*roman|3*verhaal|3*novelle|historische roman|oorspronkelijke roman|tooneelspel|blijspel|dorpsvertelling|"
        "vertelling|treurspel"
    ),
    "mood": (
        "stille|schoone|verloren|gouden|geheimzinnige|trouwe|wilde|arme|gevaarlijke|eenzame|betooverde|blinde|"
        "trotsche|booze|heimelijke|vreemde|vroolijke|vervloekte|zachte|zonderlinge|ongelukkige|jonge|verstooten|"
        "dappere"
    ),
    "figure": (
        "wees|bruid|strooper|zigeunerin|gravin|vondeling|molenaarsdochter|speelman|avonturier|bedelaar|verloofde|"
        "smokkelaar|visschersdochter|minnaar|heks|vrijgezel|schoonmoeder|dubbelganger|stiefdochter|verrader|danseres|"
        "kluizenaar|weduwe|gouvernante|erfgename|zwerver"
    ),
    "token": (
        "ring|roos|schaduw|eed|haarlok|sluier|schat|vloek|kus|verloving|droom|lantaarn|spiegel|waaier|dolk|erfenis|"
        "weddenschap|minnebrief|belofte|viool"
    ),
    "feeling": (
        "liefde|trouw|wraak|eer|geluk|schuld|hartstocht|jaloezie|hoogmoed|verlangen|berouw|hoop|overmoed|waanzin|"
        "zelfopoffering"
    ),
    "fiction": (
        "3*{person}. {^tale}|3*De {figure} van {place}. {^tale}|2*De {token} van {place}. {^tale}|"
        "{^feeling} en {feeling}. {^tale}|{woman}'s {feeling}|2*De {mood} {figure}|"
        "De {figure} en de {figure}. {^tale}|De {token} der {figure}. {^tale}|{^feeling} om {feeling}|"
        "De {mood} {figure} van {place}|{man} en {woman}. {^tale}|Om {feeling} en {feeling}. {^tale}|"
        "Eene {mood} {figure}. {^tale}|{woman} en de {figure}|De {mood} {token}. {^tale} uit {region}|"
        "De dochter van {person}|{man} en de {figure}|Verspreide novellen van {initials}|"
        "De bruid van {place}. {^tale}|{^feeling}. {^tale} in drie bedrijven|De lotgevallen van {person}|"
        "Het geheim van het {bare_thing}. {^tale}|Wat {woman} beleefde. {^tale}|"
        "Twee novellen: de {token}; de {figure}|De erfgename van {place}|Het huis {surname}. {^tale}|"
        "De geschiedenis van {woman} en de {figure}|Mijne {mood} {figure}. {^tale}"
    ),
    "fiction_end": (
        " ... Tweede druk|, etc| door {initials}| Door {initials}| [A novel.]| Met platen| in twee deelen|"
        " ... Nieuwe uitgave| Voor het tooneel bewerkt"
    ),
}

NONFICTION: Final = {
    "field": (
        "landbouw|scheepvaart|waterstaat|handel|nijverheid|rechtspleging|aardrijkskunde|statistiek|plantkunde|"
        "visscherij|veenderij|muntkunde|krijgskunde|kerkgeschiedenis|staathuishoudkunde|oudheidkunde|volkenkunde|"
        "dijkregten|spoorwegen|nijverheid"
    ),
    "work": (
        "4*geschiedenis|2*beschrijving|kronijk|verhandeling|verslag|handboek|aardrijkskunde|overzigt|register|gids|"
        "bijdrage"
    ),
    "learned": (
        "historische|aardrijkskundige|statistische|kritische|geologische|plaatselijke|staatkundige|korte|"
        "oudheidkundige|algemeene|vaderlandsche|krijgskundige|kerkelijke|natuurkundige"
    ),
    "event": (
        "opstand|vrede|omwenteling|belegering|overstrooming|veldtogt|afscheiding|inneming|herziening der grondwet|"
        "bezetting|landing"
    ),
    "body": (
        "stad|heerlijkheid|provincie|gemeente|hoogeschool|abdij|parochie|baronie|vesting|kolonie|"
        "ambachtsheerlijkheid|classis"
    ),
    "source": (
        "uit echte bronnen|naar oorspronkelijke stukken|uit de archieven|uit officieele bescheiden|"
        "naar onuitgegeven handschriften"
    ),
    "nonfiction": (
        "4*{^work} der {body} {place}|2*{^work} van {place}, {source}|2*De {event} in {region}, {year}|"
        "Bijdragen tot de {work} van {region}|2*Reis door {region} in het jaar {year}|"
        "{^learned} beschrijving van {region}|Handboek der {field} en {field}|Leerboek der {field}|"
        "De {field} in {region}|Oorkonden betreffende de {body} {place}|Het leven van den generaal {surname}|"
        "Over de {field} der {people}|{^learned} onderzoekingen over {region}|De {body} {place} en hare {field}|"
        "Gedenkschriften van {man} {surname}|De {event} van {year}, {source}|{^learned} studiën over {field}|"
        "Gids voor {place} en omstreken|Land en volk van {region}|Beknopte {work} der {field}|"
        "Redevoering over de {field}|{region}. {^learned} schetsen|Handelingen der {body} {place}|"
        "{^work} der {event}|Verslag over de {field} in {region}|De kerken van {place}. {^learned} bijdrage|"
        "Verhalen uit de geschiedenis van {region}|{^work} van het {bare_thing} te {place}, {source}"
    ),
    "nonfiction_end": (
        " Met kaarten| ... Met platen|, etc| Uitgegeven door {initials}| Door {initials}| ... Tweede druk|"
        " [With a map.]| Bewerkt door {initials}| Eerste deel| (Bijlagen.)| [With plates.]"
    ),
}

VERSE: Final = {
    "verse": (
        "Gedichten van {initials}|{^feeling} en {feeling}. Gedichten|Liederen uit {region}|"
        "Nieuwe gedichten uit {place}|De {figure}. Een dichtstuk|Balladen en liederen uit {region}|"
        "De {event} van {year}. Dichtstuk in vier zangen"
    ),
    "verse_end": ", etc| Door {initials}| ... Tweede druk",
}

RULES: Final = NAMES | SHARED | EITHER | FICTION | NONFICTION | VERSE
