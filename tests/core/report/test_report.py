import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from core.cli import main
from core.errors import InputError
from core.evaluation import evaluate
from core.formatting import interval_percent
from core.guarantees import SavedPolicy
from core.importing import import_file
from core.predicates import RangePredicate
from core.predictions import Scored, load_scored
from core.report import ReportContent, _decided, build_content, confusion_svg, render, write_report
from core.slices import Slice
from core.storage import Workspace, file_sha256
from core.thresholds import GuaranteeRecord, Policy, policy_report
from core.wording.evaluation import collection, comparison_verdict, verdict
from core.wording.help import DEFINITIONS
from core.wording.slices import sentences as slice_sentences

pytestmark = pytest.mark.slow

HOSTILE = "<script>alert('x')</script> & \"quoted\" <img src=x onerror=y> \x1b[31m"
VOID = {"meta", "img"}


class Reader(HTMLParser):
    """Reads a document, checks that every element is closed, keeps tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def said(reader: Reader) -> str:
    return " ".join(" ".join(reader.text).split())


@pytest.fixture(scope="module")
def place(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A copy: a report enters what it asks into the budget of the checked books."""
    return Workspace(shutil.copytree(demo_workspace.root, tmp_path_factory.mktemp("report") / "workspace"))


@pytest.fixture(scope="module")
def scored(place: Workspace) -> Scored:
    return load_scored(place, "demo-predictions")


@pytest.fixture(scope="module")
def content(place: Workspace, scored: Scored) -> ReportContent:
    chosen = SavedPolicy(policy=Policy({"Fiction": 0.9, "Non-fiction": 0.97}))
    other = scored.table.copy()
    checked = other.index[other["truth"] != ""][:2]  # on these two the other model says the other class
    other.loc[checked, "predicted"] = other.loc[checked, "predicted"].map(
        {"Fiction": "Non-fiction", "Non-fiction": "Fiction"}
    )
    against = replace(scored, name="the other", table=other)
    return build_content(place, scored, date="2026-01-31", policy=chosen, against=against)


@pytest.fixture
def hostile(workspace: Workspace, tmp_path: Path) -> Workspace:
    rows = [
        {
            "id": f"b{i}",
            "title": f"{HOSTILE} {i}",
            "place": HOSTILE,
            "predicted": "A<b>",
            "truth": "A<b>" if i % 3 else "C&d",
        }
        for i in range(60)
    ]
    path = tmp_path / "hostile.csv"
    pd.DataFrame(rows).assign(confidence=0.9).to_csv(path, index=False)
    import_file(workspace, path, "predictions", name="hostile")
    return workspace


def test_the_document_is_well_formed_and_loads_nothing(content: ReportContent) -> None:
    html = render(content)
    reader = read(html)
    tags = {tag for tag, _ in reader.tags}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "use"}
    for tag, attributes in reader.tags:
        assert not {"src", "srcset", "xlink:href", "data", "action", "style"} & set(attributes), tag
        assert not [name for name in attributes if name.startswith("on")], tag
        if "href" in attributes:
            assert str(attributes["href"]).startswith("#")
    assert not re.search(r"url\(|@import|https?://", html)


def test_every_anchor_and_every_chart_has_what_it_names(content: ReportContent) -> None:
    reader = read(render(content))
    names = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(names) == len(set(names))
    links = [str(attributes["href"])[1:] for tag, attributes in reader.tags if tag == "a"]
    assert len(links) == 12
    assert set(links) <= set(names)
    charts = [attributes for tag, attributes in reader.tags if tag == "svg"]
    assert len(charts) == 5
    for chart in charts:
        assert chart["role"] == "img"
        assert set(str(chart["aria-labelledby"]).split()) <= set(names)


def test_the_numbers_are_those_of_the_evaluation(content: ReportContent, scored: Scored) -> None:
    evaluation = evaluate(scored.table, scored.classes)
    text = said(read(render(content)))
    accuracy = evaluation.accuracy
    assert verdict(evaluation) in text
    for item in (accuracy, evaluation.without_leaks.accuracy, *(m.recall for m in evaluation.metrics.per_class)):
        expected = f"{100 * item.value:.1f} % ({interval_percent(item.low, item.high)}, n = {item.n:,})"
        assert expected in text
    assert f"{evaluation.metrics.macro_f1.value:.3f} ({evaluation.metrics.macro_f1.low:.3f}" in text
    assert f"The calibration error is {evaluation.ece:.3f}" in text
    for truth, row in evaluation.confusion.iterrows():
        for predicted, count in row.items():
            assert f"is {truth}, predicted {predicted}: {count:,}" in text


def test_what_a_report_must_hold(content: ReportContent, scored: Scored) -> None:
    text = said(read(render(content)))
    assert "These records are invented" in text
    assert content.provenance["Fingerprint of the predictions"] in text
    assert content.provenance["Fingerprint of the model"] in text
    assert "2026-01-31" in text
    assert all(word in text and meaning in text for word, meaning in DEFINITIONS.items())
    assert slice_sentences(content.slices)[0] in text
    assert collection(content.collection)[0] in text
    assert content.comparison is not None
    assert comparison_verdict(content.comparison) in text
    assert len(content.comparison.disagreements) == 2
    for row in content.comparison.disagreements.to_dict("records"):
        # They call it Fiction and Non-fiction, or the other way round.
        assert f"{row['truth']} {row['first']} {row['second']} {row['outcome']} {row['record_id']}" in text
    assert len(content.verdict) == 3


def test_without_another_model_there_is_no_comparison(content: ReportContent) -> None:
    assert 'id="comparison"' not in render(replace(content, comparison=None))


def test_equal_input_gives_equal_bytes_but_for_the_date(
    place: Workspace, scored: Scored, content: ReportContent
) -> None:
    first = render(build_content(place, scored, date="2026-01-31", policy=content.policy))
    second = render(build_content(place, scored, date="2031-12-01", policy=content.policy))
    assert first != second
    assert first == second.replace("2031-12-01", "2026-01-31")


def test_titles_from_files_cannot_act(hostile: Workspace) -> None:
    scored = load_scored(hostile, "hostile")
    html = render(build_content(hostile, scored, date="<b>today</b>"))
    reader = read(html)
    assert not {"script", "img", "b"} & {tag for tag, _ in reader.tags}
    assert "\x1b" not in html
    assert "<script>alert('x')</script> & \"quoted\"" in said(reader)
    assert "is C&d, predicted A<b>: 20" in said(reader)


def test_nothing_checked_is_refused(place: Workspace, scored: Scored) -> None:
    unchecked = replace(scored, table=scored.table.assign(truth=""))
    with pytest.raises(InputError, match=r"None of the 6,000 books of 'demo-predictions' has been checked by a person"):
        build_content(place, unchecked, date="")


def test_only_html_is_written(content: ReportContent, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'report\.pdf' does not end in \.html"):
        write_report(content, tmp_path / "report.pdf")
    written = write_report(content, tmp_path / "report.html")
    assert written.sha256 == file_sha256(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == render(content)


def test_the_command(demo_copy: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "report.html"
    arguments = ["report", "--predictions", "demo-predictions", "--max-error", ".1", "--per", "together"]
    status = main(
        [*arguments, "--workspace", str(demo_copy.root), "--out", str(out), "--date", "2026", "--json", "--quiet"]
    )
    assert status == 0
    assert file_sha256(out) in capsys.readouterr().out
    text = said(read(out.read_text(encoding="utf-8")))
    # Checked were books that Colophon drew: what is said of them is said of all.
    assert "with 95 % confidence at most 10 % of the accepted are wrong" in text
    assert "promised: 10 %" in text
    assert "This is no promise" not in text


def test_cut_offs_of_a_slice_are_said_of_its_books_alone(scored: Scored) -> None:
    early = Slice((RangePredicate("year", None, 1849),), name="early")
    policy = Policy({"Fiction": 0.9, "Non-fiction": 0.97}, where=early)
    part = scored.table[early.mask(scored.table)]
    decided = policy_report(part, policy, classes=scored.classes)
    sentence = _decided(SavedPolicy(policy=policy), decided)
    assert sentence.startswith(f"{decided.accepted:,} of {len(part):,} books dated before 1850 (")
    assert "can be accepted, no other book by these cut-offs" in sentence
    promised = GuaranteeRecord(promised=True, per="class", confidence=0.95, max_error=0.05)
    assert _decided(SavedPolicy(policy=policy, promise=promised), decided).endswith(
        "if the checked books are a random sample of these."
    )


def test_of_many_classes_the_most_confused_are_drawn() -> None:
    """Thirty classes; only c00 to c19 are ever confused, each with the next."""
    names = [f"c{i:02}" for i in range(30)]
    confusion = pd.DataFrame(0, index=names, columns=names)
    for i in range(30):
        confusion.iloc[i, i] = 100
    for i in range(20):
        confusion.iloc[i, (i + 1) % 20] = 3
    drawn = confusion_svg("confusion", confusion)
    assert "the 20 of 30 classes that are most often confused" in drawn
    assert drawn.count("<rect") == 20 * 20
    assert "is c19, predicted c00: 3" in drawn and "c20" not in drawn
    assert "classes that" not in confusion_svg("small", confusion.iloc[:20, :20])
