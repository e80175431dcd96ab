"""Danish titles, with the capital nouns of their time."""

from typing import Final

__all__ = ["RULES"]

NAMES: Final = {
    "man": (
        "Anker|Bertel|Christen|Ditlev|Esben|Frederik|Gregers|Henrik|Iver|Jens|Kjeld|Laurids|Mogens|Niels|Oluf|Peder|"
        "Rasmus|Søren|Thøger|Vilhelm"
    ),
    "woman": (
        "Abelone|Bodil|Cathrine|Dorthe|Else|Frederikke|Gjertrud|Helvig|Inger|Karen|Lene|Maren|Nicoline|Sidsel|Ulrikke"
    ),
    "surname": "{s1}{s2}",
    "s1": "Aa|Brand|Dyr|Eg|Flens|Gyld|Hvid|Kjær|Lind|Munk|Nør|Ove|Rosen|Skov|Thor|Ulf|Vester|Ør",
    "s2": "gaard|holdt|lund|strup|rup|sted|bek|bjerre|mose|toft|vang|kjold",
    "place": "{p1}{p2}",
    "p1": (
        "Abild|Birke|Dalum|Elle|Frede|Gunder|Holme|Kirke|Lille|Magle|Nørre|Ringe|Sønder|Tommer|Vester|Øster|Skjolde|"
        "Ravn"
    ),
    "p2": "borg|by|lev|løse|sø|rød|havn|næs|bro|holm|skov|vig|sund",
    "person": "3*{man} {surname}|{woman} {surname}|{woman} {surname}|Kammerherre {man} {surname}",
    "initials": "{letter}. {surname}|{letter}. {letter}. {surname}|Dr. {letter}. {surname}",
    "letter": "A|B|C|E|F|G|H|J|K|L|M|N|P|S",
    "region": (
        "Jylland|Island|Grønland|Norge|Slesvig|Bornholm|Sjælland|Fyn|Færøerne|Holsten|Italien|Grækenland|Ægypten|"
        "Rusland|Skaane|Vendsyssel|Lolland|Spanien|Tyrol|Sverig"
    ),
    "year": "1{century}{digit}{digit}",
    "century": "5|6|7|8|8",
    "digit": "0|1|2|3|4|5|6|7|8|9",
}

SHARED: Final = {
    "thing": (
        "Slottet|Kirken|Møllen|Landsbyen|Byen|Klosteret|Havet|Øen|Broen|Krigen|Gaarden|Skoven|Heden|Herregaarden|"
        "Taarnet|Fjorden|Fæstningen|Skibet|Havnen|Præstegaarden"
    ),
    "look": "Billeder|Skizzer|Minder|Optegnelser|Breve|Blade|Tegninger|Udflugter|Erindringer",
    "people": (
        "Munke|Bønder|Soldater|Kjøbmænd|Pilegrimme|Fiskere|Landsknægte|Nybyggere|Søfolk|Præster|Riddere|Studenter"
    ),
}

EITHER: Final = {
    "either": (
        "3*{person}|{place}|{look} fra {region}|{look} fra {place}|{thing} og {thing}|{thing} i {region}|"
        "{place}s {people}|En Vinter i {region}|En Sommer paa {place}|Fra {place}|Blandt {people}|Af {people}s Liv|"
        "De sidste {people}|{look} af en gammel Mand|Gamle {place}|I {region}|{thing} ved {place}"
    ),
}

FICTION: Final = {
    "tale": "4*Roman|3*Fortælling|3*Novelle|Historisk Roman|Original Roman|Lystspil|Sørgespil|Nutidsroman|Eventyr",
    "mood": (
        "stille|skjønne|fortabte|gyldne|hemmelighedsfulde|trofaste|vilde|fattige|farlige|eensomme|fortryllede|blinde|"
        "stolte|onde|fremmede|muntre|forbandede|blide|besynderlige|ulykkelige|unge|modige|forladte"
    ),
    "figure": (
        "Brud|Krybskytte|Grevinde|Hittebarn|Møllerdatter|Spillemand|Eventyrer|Tigger|Forlovede|Smugler|Fiskerpige|"
        "Elsker|Hex|Pebersvend|Svigermoder|Dobbeltgænger|Stifbarn|Forræder|Danserinde|Eneboer|Enke|Gouvernante|"
        "Arving|Tatertøs"
    ),
    "token": (
        "Ringen|Hemmeligheden|Rosen|Skyggen|Hjertet|Eden|Testamentet|Sløret|Skatten|Masken|Forbandelsen|Kysset|"
        "Forlovelsen|Spøgelset|Drømmen|Speilet|Viften|Dolken|Væddemaalet|Løftet"
    ),
    "feeling": (
        "Kjærlighed|Troskab|Hævn|Ære|Lykke|Skyld|Lidenskab|Skinsyge|Hovmod|Længsel|Anger|Haab|Overmod|Vanvid|Hjertesorg"
    ),
    "fiction": (
        "3*{person}. {tale}|3*Den {mood} {figure} paa {place}. {tale}|2*{token} paa {place}. {tale}|"
        "{feeling} og {feeling}. {tale}|{woman}s {feeling}|2*Den {mood} {figure}|En {figure} og en {figure}. {tale}|"
        "{token}. {tale} af Livet|{feeling} for {feeling}|En {mood} {figure}. {tale}|{man} og {woman}. {tale}|"
        "For {feeling} og {feeling}|En {figure}s Historie. {tale}|{woman}, en {figure}|{token}. {tale} fra {region}|"
        "{person}s Datter. {tale}|Noveller og Fortællinger af {initials}|{feeling}. {tale} i tre Akter|"
        "{person}s Eventyr|Hvad {woman} oplevede. {tale}|To Noveller: {token}; En {figure}|Slægten {surname}. {tale}|"
        "Historien om {woman} og {man}|Min {mood} {figure}. {tale}|{woman}s {token}|Den {figure} fra {region}. {tale}"
    ),
    "fiction_end": (
        " ... Andet Oplag|, etc| af {initials}| Af {initials}| [A novel.]| Med Tegninger| i to Dele| ... Ny Udgave|"
        " Efter Forfatterens Manuskript"
    ),
}

NONFICTION: Final = {
    "field": (
        "Agerbruget|Søfarten|Handelen|Bjergværkerne|Retspleien|Geographien|Statistiken|Botaniken|Fiskerierne|"
        "Skovvæsenet|Møntvæsenet|Krigskunsten|Kirkehistorien|Statshuusholdningen|Oldkyndigheden|Jernbanerne|"
        "Almueskolen|Geologien"
    ),
    "work": "4*Historie|2*Beskrivelse|Krønike|Afhandling|Haandbog|Oversigt|Fremstilling|Geographi|Fortegnelse|Samling",
    "learned": (
        "historisk|geographisk|statistisk|kritisk|geologisk|topographisk|politisk|kort|antiqvarisk|almindelig|"
        "fædrelandsk|krigshistorisk|kirkelig|naturhistorisk"
    ),
    "event": (
        "Felttoget|Oprøret|Freden|Rigsdagen|Beleiringen|Reformationen|Unionen|Expeditionen|Omvæltningen|Grevefeiden|"
        "Besættelsen"
    ),
    "body": "Kjøbstad|Amt|Sogn|Stift|Universitet|Domkirke|Herred|Provins|Kloster|Fæstning|Menighed|Latinskole",
    "source": "efter samtidige Kilder|efter Archivernes Documenter|efter utrykte Kilder|efter officielle Beretninger",
    "nonfiction": (
        "4*{place} {body}s {work}|2*{work} over {place} {body}, {source}|2*{event} i {region} Aar {year}|"
        "2*Bidrag til {region}s ældre {work}|2*Reise giennem {region} i Aaret {year}|"
        "{^learned} Beskrivelse over {region}|Haandbog i {field}|Lærebog i {field}|Om {field} i {region}|"
        "Documenter vedkommende {place} {body}|General {man} {surname}s Levnet|Om {people} og {field}|"
        "{^learned} Undersøgelse om {region}|{place} {body} og {field}|Minister {surname}s Optegnelser om {event}|"
        "{event} {year}, {source}|{^learned} Studie over {field}|Veiviser gjennem {place} og Omegn|"
        "Land og Folk i {region}|{^learned} {work} om {field}|Tale om {field}|{region}. {^learned} Oversigt|"
        "Beretning om {field} i {region}|{place}s Kirker. {^learned} Afhandling|Fortællinger af {region}s Historie|"
        "Den danske Expedition til {region} Aar {year}"
    ),
    "nonfiction_end": (
        " Med Kaart| ... Med Plancher|, etc| Udgivet af {initials}| Af {initials}| ... Andet Oplag| [With a map.]|"
        " Samlede af {initials}| Første Deel| [With plates.]"
    ),
}

VERSE: Final = {
    "verse": (
        "Digte af {initials}|{feeling} og {feeling}. Digte|Viser fra {region}|Nye Digte fra {place}|{token}. Et Digt|"
        "Ballader og Viser fra {region}|{event} {year}. Et Digt i fire Sange"
    ),
    "verse_end": ", etc| Af {initials}| ... Andet Oplag",
}

RULES: Final = NAMES | SHARED | EITHER | FICTION | NONFICTION | VERSE
