"""English titles: names, shared words, and the templates of fiction, non-fiction and titles that could be either."""

from typing import Final

__all__ = ["RULES"]

NAMES: Final = {
    "man": (
        "Edmund|Gilbert|Jasper|Ambrose|Hugh|Oliver|Lionel|Percival|Roland|Silas|Tobias|Walter|Rupert|Matthew|"
        "Nathaniel|Barnaby|Clement|Godfrey|Humphrey|Laurence|Martin|Philip|Ralph|Stephen|Wilfred|Adrian|Basil|"
        "Cuthbert|Dudley|Evan"
    ),
    "woman": (
        "Agatha|Beatrice|Cecily|Dorothea|Eleanor|Frances|Grace|Harriet|Isabel|Joan|Lettice|Mabel|Nora|Olive|Phoebe|"
        "Rosamund|Sibyl|Theodora|Ursula|Winifred|Clara|Edith|Hester|Judith|Lucy|Margery|Millicent|Patience|Rhoda|"
        "Violet"
    ),
    "surname": "{s1}{s2}",
    "s1": (
        "Thrap|Wen|Quil|Pel|Ostr|Grim|Fen|Dun|Marl|Hax|Scar|Tarl|Brind|Corl|Drax|Ell|Farr|Gaun|Hask|Ing|Kel|Lam|Morl|"
        "Nor|Oxl|Pram|Rav|Skel|Trev|Ush|Vard|Wex|Yarl"
    ),
    "s2": "combe|stow|garth|mere|thorpe|wold|well|fold|ridge|hurst|croft|lock|by|more|dale",
    "place": "{p1}{p2}",
    "p1": (
        "Ald|Bram|Chil|Dray|Ever|Fram|Glen|Hather|Isel|Kirk|Lang|Mel|Nether|Ot|Pock|Roth|Swin|Thorn|Up|Wal|Wether|"
        "Yox|Cran|Dor|Ems|Hol|Lyn|Marsh|Penn|Stan"
    ),
    "p2": "bourne|minster|ham|ford|leigh|mouth|worth|combe|bridge|stead|wick|ley|hampton|borough|dean|wood",
    "person": "{man} {surname}|{woman} {surname}|3*{man} {surname}|Sir {man} {surname}",
    "initials": "{letter}. {letter}. {surname}|{letter}. {surname}",
    "letter": "A|B|C|D|E|F|G|H|J|L|M|R|S|T|W",
    "region": (
        "Norway|Egypt|Persia|the Levant|Bengal|the Cape|New Zealand|Canada|the Pyrenees|Brittany|Sicily|Iceland|"
        "Cornwall|Wales|Yorkshire|the Highlands|Palestine|Burmah|Mexico|the Hebrides|Galway|Lapland|Dalmatia|Madeira|"
        "Ceylon|Japan|the Tyrol|Hungary|Morocco|Abyssinia|Queensland|the Pacific|Kent|Cumberland|Devon|Ulster"
    ),
    "number": "two|three|four|five|six|seven|ten|twelve|twenty",
    "ordinal": "First|Second|Third|Fourth|Fifth|New",
    "year": "{century}{digit}{digit}",
    "century": "17|18|18|18|16",
    "digit": "0|1|2|3|4|5|6|7|8|9",
}

# Words that both classes use: what keeps the two from falling apart at a glance.
SHARED: Final = {
    "thing": (
        "castle|church|river|sea|garden|war|king|queen|house|ship|mountain|village|school|market|island|forest|road|"
        "bridge|mill|abbey|court|harbour|farm|tower|coast|valley|city|army|cottage|desert|prison|chapel|hunt|siege|"
        "garrison|colony|regiment|monastery|moor|lake|parish|lighthouse|quarry|manor"
    ),
    "shared_adjective": (
        "old|new|great|little|lost|last|royal|northern|southern|ancient|grey|red|white|black|English|Scottish|Irish|"
        "French|country|early|distant|famous|green"
    ),
    "people": (
        "clergymen|soldiers|sailors|settlers|monks|kings|pilgrims|gipsies|Huguenots|Jacobites|shepherds|miners|"
        "fishermen|merchants|lawyers|physicians|schoolmasters|emigrants|outlaws|crusaders|rebels|ladies|servants|"
        "weavers"
    ),
    "look": "sketches|scenes|glimpses|recollections|memories|leaves|pictures|chapters|gleanings|pages|letters|rambles",
}

EITHER: Final = {
    "either": (
        "4*{person}|2*{man} {surname} of {place}|2*{woman} {surname}|{place}|{place} {^thing}|{place} and {place}|"
        "The {^shared_adjective} {^thing}|The {thing} and the {thing}|{^look} from {place}|{^look} of {region}|"
        "A winter and a spring in {region}|A late summer in {region}|The {people} of {place}|The {^thing} of {place}|"
        "Among the {people}|{^look} of a {thing}|The {^shared_adjective} {people}|In {region}|Life in a {thing}|"
        "From {place} to {place}|The story of {place}|The story of a {thing}|{number} winters in {region}|"
        "By {thing} and {thing}|The {^thing} at {place}|Old {place}|The {surname}s of {place}|The {surname} papers|"
        "Days in {region}|The {thing} by the {thing}|In the days of the {people}|The last of the {people}|"
        "{^look} of {number} years|The {place} {^thing}, and its {people}|On the {thing}"
    ),
}

FICTION: Final = {
    "tale": (
        "5*novel|4*tale|3*story|3*romance|idyl|mystery|love story|historical romance|domestic story|detective story"
    ),
    "heroine_is": (
        "heiress|bride|orphan|foundling|governess|actress|widow|spinster|coquette|ward|milliner|enchantress|flirt|"
        "stepdaughter|sweetheart|stranger|lodger|nurse|dairymaid|runaway"
    ),
    "hero_is": (
        "curate|squire|smuggler|highwayman|bachelor|outcast|impostor|suitor|cadet|dandy|vagabond|conspirator|"
        "prodigal|gambler|lover|scapegrace|poacher|lieutenant|heir|buccaneer|convict|detective|hermit"
    ),
    "token": (
        "ring|locket|veil|glove|diamond|necklace|miniature|rose|lily|violin|candle|mask|dagger|key|slipper|mirror|"
        "shadow|ghost|secret|promise|wager|vow|whisper|kiss|betrothal|elopement|inheritance|portrait|footprint|"
        "lantern|honeymoon|dream|curse|spell|legacy|riddle|trap|bargain|clue|pearl|fan|feather|sixpence"
    ),
    "mood": (
        "lonely|broken|golden|secret|faithful|wayward|silent|stolen|forgotten|haunted|gilded|bitter|scarlet|crooked|"
        "masked|wounded|restless|proud|gentle|wicked|wilful|tangled|poisoned|enchanted|perilous|strange|fair|sweet|"
        "phantom|fatal|merry|dark|desperate|unlucky|penniless|moonlit|rejected|deserted|crimson|cruel"
    ),
    "feeling": (
        "love|honour|revenge|sorrow|passion|jealousy|fortune|pride|folly|constancy|vanity|remorse|destiny|temptation|"
        "courage|deceit|happiness|devotion|madness|ambition|heartache|mischief|forgiveness|luck|gold"
    ),
    "kin": (
        "daughter|wife|son|sister|husband|niece|brother|mother|cousin|grandfather|nephew|stepmother|sweetheart|godson"
    ),
    "trade": (
        "miller|vicar|doctor|squire|captain|banker|weaver|fisherman|parson|colonel|saddler|admiral|gamekeeper|organist"
    ),
    "verb_past": "wooed|won|lost|betrayed|forgiven|parted|deceived|married|forsaken|rescued|jilted|wedded|doomed|loved",
    "deed": (
        "marry|forget|forgive|wait|dare|run away|trust a stranger|keep a secret|tell the truth|break a heart|"
        "win a bride"
    ),
    "fiction": (
        "4*{person}. A {tale}|2*The choice of {woman}: a {tale}|3*The {mood} {token}. A {tale}|"
        "2*The {mood} {heroine_is}|"
        "The {hero_is} of {place}: a {tale}|2*The {trade}'s {mood} {kin}|2*{woman}'s {feeling}|"
        "{verb_past} and {verb_past}|3*The {token} of {place}. A {tale} of {feeling}|"
        "{feeling} and {feeling}: a {tale}|2*The {mood} {hero_is}|Only a {mood} {heroine_is}|2*A {mood} {kin}|"
        "{person}'s {kin}|Her {mood} {token}|His {mood} {heroine_is}. A {tale}|The {token} and the {heroine_is}|"
        "For {feeling} and {feeling}|{woman} {surname}; or, the {mood} {token}|"
        "2*The {hero_is}; or, {feeling} and {feeling}. A {tale}|{woman}, and other stories|"
        "The {mood} {kin} of {place}|2*The adventures of {person}|How {man} {surname} {verb_past} a {heroine_is}|"
        "A {tale} of the {people}|The {mood} {thing}: a {tale} of {region}|The history of {person}, a {hero_is}|"
        "Memoirs of a {heroine_is}|Too {mood} to {deed}|Should {woman} {deed}?|2*The mystery of {place} {^thing}|"
        "The {trade} of {place}. A {tale}|A {trade}'s {token}|{woman} and {woman}: a {tale}|"
        "The confessions of a {hero_is}|My {mood} {kin}|The {token} in the {thing}|{man} the {hero_is}|"
        "A {mood} {heroine_is}'s {feeling}|Under the {mood} {token}|The house of {surname}. A {tale}|"
        "{number} {mood} {heroine_is}s|The {kin} of {person}|Sweet {woman} {surname}|Lady {surname}'s {token}|"
        "Captain {surname}'s {kin}|A {mood} {token}, and other tales|{woman} {verb_past}|"
        "The {hero_is} and his {kin}. A {tale} of {place}|{feeling}'s {token}|The {surname} {token}. A {tale}"
    ),
    "fiction_end": (
        " [A novel.]| [A tale.]| ... A novel|, etc| ... With illustrations| [By {initials}.]|"
        " By the author of “{^mood} {^kin}”| ... A new edition| By {initials}| [With illustrations.]|"
        " By the author of “The {^mood} {^token},” etc| In three volumes| A tale for the young|"
        " ... Illustrated by {initials}"
    ),
}

NONFICTION: Final = {
    "science": (
        "geology|botany|drainage|railways|currency|taxation|geography|chemistry|astronomy|navigation|agriculture|"
        "fortification|topography|entomology|mineralogy|meteorology|emigration|banking|surveying|horticulture|"
        "sanitation|ornithology|political economy|mechanics|heraldry|bee-keeping|education|colonisation|irrigation|"
        "land tenure|physical geography|free trade|military law|pauperism|conchology|archaeology|forestry|"
        "hydrography|wages"
    ),
    "work": (
        "5*history|2*account|description|survey|treatise|manual|handbook|guide|report|essay|inquiry|catalogue|"
        "gazetteer|memoir|review|dissertation|chronicle|register|directory|outline|statement|compendium|synopsis|"
        "analysis|itinerary|index"
    ),
    "body": (
        "parish|diocese|county|borough|corporation|hundred|priory|cathedral|university|guild|railway|dockyard|"
        "province|archdeaconry|manor|grammar school|hospital|coal-field|cotton trade|wool trade|militia|workhouse|"
        "charities|registers"
    ),
    "learned": (
        "practical|historical|statistical|topographical|geological|physical|general|critical|biographical|political|"
        "commercial|descriptive|antiquarian|concise|elementary|illustrated|constitutional|ecclesiastical|"
        "genealogical|medical|agricultural|chronological|systematic|official"
    ),
    "event": (
        "campaign|siege|reformation|rebellion|restoration|famine|expedition|embassy|election|treaty|commonwealth|"
        "mutiny|conquest|occupation|blockade|trial|visitation|enclosure|union|armada|invasion|revolution"
    ),
    "aspect": (
        "antiquities|natural history|resources|climate|manufactures|constitution|inhabitants|commerce|finances|"
        "churches|geology|institutions|monuments|worthies|dialect|place-names|revenues|trade|minerals|boundaries|"
        "population|customs"
    ),
    "office": "Bishop|Archdeacon|General|Professor|Judge|Admiral|Governor|Dean|Chancellor|Ambassador",
    "source": (
        "original documents|the public records|the parish registers|official papers|the charters|"
        "unpublished manuscripts"
    ),
    "nonfiction": (
        "5*A {work} of the {body} of {place}|4*The {work} of {place}, with remarks on its {aspect}|"
        "3*{^learned} notes on {science}|2*Observations on the {aspect} of {region}|3*A {learned} {work} of {region}|"
        "The elements of {science}|2*The {aspect} and {aspect} of {region}|Travels in {region}, in {year}|"
        "2*Narrative of an expedition to {region}|The life and correspondence of {office} {surname}|"
        "2*Remarks on {science}, with reference to {region}|2*The {event} of {year}|A {learned} guide to {place}|"
        "Journal of a voyage to {region}, in {year}|The {learned} {work} of the {event}|Lectures on {science}|"
        "Memoirs of the life of {office} {surname}|Annals of the {body} of {place}|2*An introduction to {science}|"
        "The {aspect} of {place}|{place}: its {aspect} and {aspect}|Handbook for travellers in {region}|"
        "A letter to {office} {surname}, on the {event}|The principles of {science}|"
        "History of the {event} in {region}, {year}|2*{work} of the {aspect} of {place}, from {source}|"
        "The {region} question|Records of the {event}, compiled from {source}|On the {science} of {region}|"
        "{number} months in {region}; its {aspect} and {aspect}|Ten years' {science} in {region}|"
        "A tour through {region}, with remarks on its {aspect}|The {body} of {place}: a {learned} {work}|"
        "Report on the {science} of {region}|The campaigns of {office} {surname}, {year}|"
        "Proceedings of the {body} of {place}|The {people} of {region}: their {aspect} and {aspect}|"
        "A plea for {science}|Text-book of {science} and {science}|{^science} and {science}|"
        "Sermons and charges of {office} {surname}|Speeches of {person}, on {science}|"
        "{place} {body}. A {learned} {work}|The {learned} atlas of {region}|A short {work} of {science}|"
        "The romance of {science}|Tales from the history of {region}|"
        "The adventures of the {people} in {region}, {year}|The story of the {event} at {place}|"
        "A critical essay on the poems of {office} {surname}|Documents relating to the {event} at {place}|"
        "The tale of the {event}, from {source}|Elementary {science} for schools|"
        "Despatches and letters of {office} {surname}"
    ),
    "nonfiction_end": (
        " [With maps.]| ... With maps|, etc| ... With illustrations| [By {initials}.]| With a map and plates|"
        " Edited by {initials}| ... {ordinal} edition| [With plates.]| By {initials}| Compiled by {initials}|"
        " ... To which is added an appendix| Translated by {initials}| With notes by {initials}| pt. 1| vol. 1-3|"
        " (Appendix.)| [With illustrations.]"
    ),
}

RULES: Final = NAMES | SHARED | EITHER | FICTION | NONFICTION
