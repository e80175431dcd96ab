"""Text from files on a page: no sign of it acts, and no address becomes a link."""

import re

import pytest

from dashboard.feedback import escape

# What Streamlit's Markdown (mdast-util-gfm-autolink-literal) looks for in the finished text, backslashes taken away.
LINKS = (
    re.compile(r"(https?://|www(?=\.))([-.\w]+)([^ \t\r\n]*)", re.IGNORECASE | re.ASCII),
    re.compile(r"(?:^|(?<=[\s\W_]))([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)", re.ASCII),
)


@pytest.mark.parametrize(
    "title",
    [
        "https://evil.example/a",
        "HTTP://evil.example",
        "see www.evil.example, now",
        "WWW.evil.example",
        "(https://www.evil.example)",
        "write to a.b@evil.example",
        "https://a@evil.example",
        "nothttps://evil.example",
    ],
)
def test_an_address_in_a_title_is_text(title: str) -> None:
    drawn = re.sub(r"\\(.)", r"\1", escape(title))
    assert drawn.replace("\u2060", "") == title
    for link in LINKS:
        assert not link.search(drawn)


@pytest.mark.parametrize("title", ["A novel, 3 vols.", "*x* [y](z) $m$ :red[z] <b>", "AT&T @ home", "www", "http:"])
def test_other_text_gets_no_unseen_sign(title: str) -> None:
    drawn = re.sub(r"\\(.)", r"\1", escape(title))
    assert drawn == title
