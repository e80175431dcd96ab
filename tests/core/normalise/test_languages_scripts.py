"""The script of a title decides before the detector guesses."""

import numpy as np
import pandas as pd
import pytest

from core.normalise import detect_languages
from core.normalise.languages import script_of


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("סיפורי הים הגדול / 0 (2)", "Hebrew"),
        ("כתבי ייִדישע מעשׂיות פֿון שטעטל", "Yiddish"),
        ("كتاب الحساب", "Arabic"),
        ("گلستان", "Persian"),
        ("آب حیات اور دوسری کہانیاں بڑے", "Urdu"),
        ("吾輩は庭である 2", "Japanese"),
        ("カタログ", "Japanese"),
        ("三國志演義", "Chinese"),
        ("理性與感性", "Chinese"),
        ("Мёртвые сады 3", "Russian"),
        ("Война и мир", "Russian"),
        ("Записки о железных дорогах", "Russian"),
        ("Історія України в її піснях", "Ukrainian"),
        ("Гісторыя ў малюнках", "Belarusian"),
        ("Љубав и мржња", "Serbian"),
        ("गणित की पुस्तक 4", "Hindi"),
        ("ประวัติรถไฟ 5", "Thai"),
        ("Αριθμητική 6", "Greek"),
        ("홍길동전", "Korean"),
        ("ვეფხისტყაოსანი", "Georgian"),
        ("Պատմութիւն Հայոց", "Armenian"),
        ("திருக்குறள்", "Tamil"),
    ],
)
def test_a_title_in_its_script(title: str, language: str):
    result = detect_languages(pd.Series([title])).iloc[0]
    assert result["language"] == language
    assert 0.5 <= result["language_confidence"] <= 0.99


def test_a_language_that_the_catalogue_names_counts_as_much_as_the_usual_one():
    title = pd.Series(["История Болгарии и македонците"])
    assert detect_languages(title).iloc[0]["language"] in ("Russian", "Bulgarian")
    bulgarian = detect_languages(pd.Series(["Под игото: из живота на българите"]), ["Bulgarian"]).iloc[0]
    assert bulgarian["language"] == "Bulgarian"


def test_latin_letters_are_never_taken_for_a_language_of_another_script():
    result = detect_languages(pd.Series(["Voina i mir", "Xyz 12", "Genji monogatari"]), ["Chinese", "Hebrew"])
    assert not set(result["language"]) & {"Russian", "Greek", "Chinese", "Hebrew"}


def test_no_letter_no_language():
    result = detect_languages(pd.Series(["1879", "۱۲۳ / 4", "—"]))
    assert result["language"].tolist() == ["", "", ""]
    assert np.isnan(result["language_confidence"]).all()


@pytest.mark.parametrize(
    ("title", "script"),
    [("The Iliad (Ἰλιάς)", "Latin"), ("Ἰλιάς of Homer", "Latin"), ("日本の歴史", "Kana"), ("Ⅻ", "Latin")],
)
def test_the_script_of_most_letters(title: str, script: str):
    assert script_of(title).name == script
