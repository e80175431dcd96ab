"""Small grey pictures of every page, light and dark, wide and narrow, and how far two of them are apart.

They are kept in ``tests/browser/pictures``, compared by ``tests/browser/test_pages.py`` and renewed by
``python -m tests.make_pictures --renew``. A picture is an eighth of the window in each direction, so that the shapes of
letters are gone and lines of text, tables and charts are left.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Page

from core.storage import Workspace
from tests import serving

__all__ = [
    "ASKED",
    "BLOCK",
    "FEW",
    "FONTS",
    "FORMS",
    "PLACE",
    "SHIFT",
    "SHRINK",
    "TOLERANCE",
    "Form",
    "address",
    "bring_into",
    "build_demonstration",
    "complaints",
    "difference",
    "differing_blocks",
    "draw_anew",
    "file_name",
    "fonts",
    "kept_fonts",
    "shrunk",
    "take",
    "take_when_alike",
]

PLACE: Final = Path(__file__).parent / "browser" / "pictures"
FONTS: Final = PLACE / "fonts.json"
SHRINK, BLOCK = 8, 8  # a block is 64 × 64 pixels of the page
SHIFT = 2  # a block may stand so many pixels of the small picture higher or lower: other letters are of other heights
# Of 255. Another rasteriser of the same fonts makes a difference of 0.2, a date in a line one of 3; a line of text that
# is missing makes 10 to 20, a light chart on dark paper 6 to 10.
TOLERANCE = 4.0
# So many blocks may differ by more: about what one line of text takes across the narrow page, or half across the wide.
FEW = 8


_RENEW: Final = "Where the page was meant to change: python -m tests.make_pictures --renew"


@dataclass(frozen=True)
class Form:
    """How a page is looked at: the colour scheme, and the window in pixels."""

    scheme: Literal["light", "dark"]
    width: int
    height: int = 2400


# In this order a browser changes least from one to the next.
FORMS: Final = (Form("light", 1280), Form("light", 390), Form("dark", 390), Form("dark", 1280))


def build_demonstration(root: Path) -> Workspace:
    """Build the demonstration that the tests share, and return it.

    The second model, with MiniLM, is looked at where it matters: tests/pages/test_home.py. Nobody has decided there:
    tests count their own decisions.
    """
    from core import demonstration

    place = Workspace(root)
    demonstration.build(place, two_models=False, walked=False)
    return place


def address(file: str) -> str:
    """Return where a page of the menu is, by the name of its file."""
    return "/" if file == "home.py" else "/" + file.removesuffix(".py")


# A page that shows nothing until something is asked of it.
ASKED: Final = {"book.py": "/book?find=milliner"}


def file_name(file: str, form: Form) -> str:
    """Return what the picture of a page is called.

    >>> file_name("home.py", Form("dark", 390))
    'home-dark-390.png'
    """
    return f"{file.removesuffix('.py')}-{form.scheme}-{form.width}.png"


def bring_into(page: Page, form: Form) -> None:
    """Give a page that is open another size and colour scheme, and wait until it has settled."""
    page.set_viewport_size({"width": form.width, "height": form.height})
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    if dark != (form.scheme == "dark"):
        page.emulate_media(color_scheme=form.scheme)
        page.wait_for_function(_PAPER, arg=form.scheme)
        draw_anew(page)
    serving.wait_until_settled(page)


# Streamlit tells the server of another colour scheme with the next run of the page, once its own paper has changed.
_PAPER: Final = """scheme => {
  const paper = getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor;
  return (Number(paper.match(/\\d+/)[0]) < 128) === (scheme === 'dark');
}"""


def draw_anew(page: Page) -> None:
    """Have the server run the page again, since it draws the charts in colours of its own, and wait until it has."""
    page.wait_for_timeout(500)
    page.keyboard.press("r")
    page.wait_for_timeout(300)
    serving.wait_until_settled(page)


def take(page: Page, picture: Path) -> Image.Image:
    """Photograph the window as it is into a file and return the small picture of it."""
    page.screenshot(path=str(picture), animations="disabled")
    with Image.open(picture) as opened:
        return shrunk(opened)


def take_when_alike(page: Page, picture: Path, kept: Path) -> None:
    """Photograph the window, again and again for some seconds while it differs from the kept picture.

    On a busy computer a chart may be drawn a second after the page has settled.
    """
    for _ in range(5):
        small = take(page, picture)
        if not kept.exists() or differing_blocks(_opened(kept), small) <= FEW:
            return
        page.wait_for_timeout(1000)
        draw_anew(page)


def complaints(taken: Mapping[Form, Path]) -> list[str]:
    """Say which pictures differ from the kept ones of the same name, and where both lie."""
    sentences = []
    for form, whole in taken.items():
        kept = PLACE / whole.name
        where = f"{whole.stem} ({form.scheme}, {form.width} pixels wide)"
        if not kept.exists():
            sentences.append(f"{where}: no picture is kept in {kept}. {_RENEW}")
            continue
        with Image.open(whole) as opened:
            small = shrunk(opened)
        apart = difference(_opened(kept), small)
        n = int((apart > TOLERANCE).sum())
        if n > FEW:
            beside = whole.with_name(f"{whole.stem}-both.png")
            _side_by_side(_opened(kept), small, apart > TOLERANCE).save(beside)
            sentences.append(
                f"{where}: {n} of {apart.size} blocks differ, {FEW} may. The picture that is kept: {kept}. The page"
                f" now: {whole}. Both side by side, with the blocks: {beside}. {_RENEW}"
            )
    return sentences


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        return opened.convert("L")


def _side_by_side(kept: Image.Image, now: Image.Image, differs: NDArray[np.bool_]) -> Image.Image:
    """Return what was kept, what is now, and what is now with a frame around each block that differs, enlarged."""
    width, height = now.size
    sheet = Image.new("RGB", (3 * width, height))
    for place, image in enumerate((kept, now, now)):
        sheet.paste(image.convert("RGB"), (place * width, 0))
    frame = ImageDraw.Draw(sheet)
    for row, column in np.argwhere(differs):
        left, top = 2 * width + column * BLOCK, row * BLOCK
        frame.rectangle((left, top, left + BLOCK - 1, top + BLOCK - 1), outline="red")
    return sheet.resize((9 * width, 3 * height))


def shrunk(picture: Image.Image) -> Image.Image:
    """Return a picture in grey, an eighth as wide and high."""
    return picture.convert("L").reduce(SHRINK)


def fonts(page: Page) -> dict[str, float]:
    """Measure a word in the fonts of a page: how wide it is in text and in a heading, in pixels."""
    return {
        selector: page.evaluate(
            """selector => {
              const context = document.createElement('canvas').getContext('2d');
              context.font = '100px ' + getComputedStyle(document.querySelector(selector)).fontFamily;
              return Math.round(context.measureText('Representativeness, 1840').width);
            }""",
            selector,
        )
        for selector in ("[data-testid=stMain]", "h1")
    }


def kept_fonts() -> dict[str, float]:
    """Return what :func:`fonts` was when the pictures were made."""
    return dict(json.loads(FONTS.read_text(encoding="utf-8")))


def difference(kept: Image.Image, now: Image.Image) -> NDArray[np.float64]:
    """Return by how much each block of two small pictures differs, of 255.

    Parameters
    ----------
    kept, now : Image
        As :func:`shrunk` returns them, of one size.

    Returns
    -------
    ndarray
        Blocks down × blocks across: the mean difference of the blurred pictures, where the block may be found up to
        :data:`SHIFT` pixels higher or lower.
    """
    if kept.size != now.size:
        raise ValueError(f"A picture of {kept.size} pixels cannot be compared with one of {now.size}.")
    before, after = (np.asarray(image.filter(ImageFilter.GaussianBlur(1)), dtype=float) for image in (kept, now))
    height = len(before)
    moved = np.pad(after, ((SHIFT, SHIFT), (0, 0)), mode="edge")
    return np.min([_block_means(np.abs(before - moved[by : by + height])) for by in range(2 * SHIFT + 1)], axis=0)


def _block_means(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    down, across = (-(-length // BLOCK) for length in pixels.shape)
    room = ((0, down * BLOCK - pixels.shape[0]), (0, across * BLOCK - pixels.shape[1]))
    whole = np.pad(pixels, room, constant_values=np.nan)
    return np.asarray(np.nanmean(whole.reshape(down, BLOCK, across, BLOCK), axis=(1, 3)))


def differing_blocks(kept: Image.Image, now: Image.Image) -> int:
    """Return in how many blocks two small pictures differ by more than :data:`TOLERANCE`."""
    return int((difference(kept, now) > TOLERANCE).sum())
