"""What the comparison of pictures notices and what it lets pass, on an invented page of text, a chart and a table."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from dashboard.charts import DARK, LIGHT, ChartTheme
from tests import pictures

SENTENCES = ("Of 2,745 accepted books 48 are wrong, made 2026-11-29.", "French books are accepted in 22 %.") * 9


def draw(
    *,
    theme: ChartTheme = LIGHT,
    labels: ChartTheme | None = None,
    chart_at: tuple[int, int] = (300, 700),
    table: bool = True,
    sentences: tuple[str, ...] = SENTENCES,
    times: int = 1,
) -> Image.Image:
    """Draw a page of 1,280 × 2,400 pixels, `times` as large and then made small again, and return the small picture."""
    page = Image.new("RGB", (1280 * times, 2400 * times), theme.paper)
    ink = ImageDraw.Draw(page)
    font = ImageFont.load_default(16 * times)
    for number, sentence in enumerate(sentences):
        ink.text((300 * times, (60 + 32 * number) * times), sentence, fill=theme.text, font=font)
    left, top = chart_at[0] * times, chart_at[1] * times
    within = labels or theme
    ink.line((left, top, left, top + 260 * times, left + 620 * times, top + 260 * times), fill=within.text, width=times)
    heights = 130 + 100 * np.sin(np.arange(0, 620, 20) / 90)
    ink.line(
        [(left + 20 * times * i, top + y * times) for i, y in enumerate(heights)], fill=theme.accent, width=3 * times
    )
    for number in range(10):
        ink.text((left + 62 * times * number, top + 268 * times), f"{number}0 %", fill=within.text, font=font)
        ink.text((left - 50 * times, top + 26 * times * number), f"{number}0 %", fill=within.text, font=font)
    for row in range(6 * table):
        cells = "   ".join(f"{name} {row}" for name in ("Fiction", "0.938", "2,109", "97.6 %", "94.7 to 98.9 %"))
        ink.text((320 * times, (1200 + 35 * row) * times), cells, fill=theme.text, font=font)
        ink.rectangle(
            (300 * times, (1190 + 35 * row) * times, 1200 * times, (1225 + 35 * row) * times), outline=theme.neutral
        )
    return pictures.shrunk(page.resize((1280, 2400), Image.Resampling.LANCZOS))


def test_a_page_is_like_itself() -> None:
    assert pictures.difference(draw(), draw()).max() == 0
    assert pictures.difference(draw(), draw()).shape == (38, 20)  # 2,400 and 1,280 pixels in blocks of 64


NO_CHANGE = {
    "soft edges: another rasteriser": {"times": 3},
    "another date in nine lines": {"sentences": tuple(line.replace("2026-11-29", "2027-01-02") for line in SENTENCES)},
    "another sentence": {"sentences": ("Another sentence, of other words than it had before.", *SENTENCES[1:])},
    "eight pixels lower: another font is half a line higher": {"chart_at": (300, 708)},
}
CHANGES = {
    "a chart lower": {"chart_at": (300, 770)},
    "a chart to the right": {"chart_at": (440, 700)},
    "no table": {"table": False},
    "another theme": {"theme": DARK},
    "six lines gone": {"sentences": SENTENCES[:12]},
    "nothing but a sentence": {"sentences": SENTENCES[:1], "table": False},
}


@pytest.mark.parametrize("other", NO_CHANGE.values(), ids=NO_CHANGE)
def test_what_is_no_change_of_the_page_passes(other: dict[str, Any]) -> None:
    assert pictures.differing_blocks(draw(), draw(**other)) <= pictures.FEW


@pytest.mark.parametrize("other", CHANGES.values(), ids=CHANGES)
def test_what_changes_the_page_is_noticed(other: dict[str, Any]) -> None:
    assert pictures.differing_blocks(draw(), draw(**other)) > pictures.FEW


def test_a_light_chart_on_dark_paper_is_noticed() -> None:
    dark = draw(theme=DARK)
    assert pictures.differing_blocks(dark, draw(theme=DARK, labels=LIGHT)) > pictures.FEW


def test_pictures_of_two_sizes_are_not_compared() -> None:
    with pytest.raises(ValueError, match=r"\(160, 300\) pixels cannot be compared with one of \(48, 300\)"):
        pictures.difference(draw(), draw().resize((48, 300)))


def test_it_is_said_which_page_differs_and_where_the_pictures_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "PLACE", tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    alike, other, new = pictures.FORMS[0], pictures.FORMS[1], pictures.FORMS[2]
    taken = {form: tmp_path / pictures.file_name("errors.py", form) for form in (alike, other, new)}
    for form, colour in ((alike, "white"), (other, "black"), (new, "white")):
        Image.new("L", (form.width, form.height), colour).save(taken[form])
        if form is not new:
            Image.new("L", (form.width // 8 + (form.width % 8 > 0), 300), "white").save(
                tmp_path / "kept" / taken[form].name
            )
    differs, missing = pictures.complaints(taken)
    assert differs.startswith("errors-light-390 (light, 390 pixels wide): 266 of 266 blocks differ, 8 may.")
    assert f"kept: {tmp_path / 'kept' / 'errors-light-390.png'}" in differs
    assert f"now: {taken[other]}" in differs
    assert missing.startswith("errors-dark-390 (dark, 390 pixels wide): no picture is kept")
    with Image.open(tmp_path / "errors-light-390-both.png") as both:
        assert both.size == (9 * 49, 900)  # kept, now, now with frames; three times as large


def test_every_page_has_its_pictures_and_no_picture_is_left_over() -> None:
    from dashboard.navigation import PAGES

    names = {pictures.file_name(entry.file, form) for entry in PAGES for form in pictures.FORMS}
    assert {path.name for path in pictures.PLACE.glob("*.png")} == names
    assert sum(path.stat().st_size for path in pictures.PLACE.iterdir()) < 1_000_000
