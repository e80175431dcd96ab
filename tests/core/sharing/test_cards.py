import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from huggingface_hub.repocard import metadata_load
from huggingface_hub.repocard_data import model_index_to_eval_results

from core.cli import main
from core.demonstration import MODEL
from core.errors import InputError
from core.labels import load_labels
from core.manifests import SourceFile
from core.sharing.bundle import write_card
from core.sharing.card_text import (
    BEGIN,
    END,
    HEADINGS,
    CardMetadata,
    check_card,
    front_matter,
    inline,
    numbers_of,
    published_sources,
    save_card,
    saved_card,
    unfilled_parts,
    update_numbers,
    with_fresh_numbers,
)
from core.sharing.cards import label_card, model_card
from core.storage import Workspace, read_json


@pytest.fixture(scope="module")
def card(demo_workspace: Workspace) -> str:
    return model_card(demo_workspace, demo_workspace.find("models", MODEL))


@pytest.mark.slow
def test_every_rate_of_a_model_card_is_the_measured_one_with_interval_n_and_split(
    demo_workspace: Workspace, card: str, tmp_path: Path
) -> None:
    artifact = demo_workspace.find("models", MODEL)
    metrics = read_json(artifact.path / "metrics.json")
    (tmp_path / "README.md").write_text(card, encoding="utf-8")
    name, results = model_index_to_eval_results(metadata_load(tmp_path / "README.md")["model-index"])
    assert name == MODEL
    assert len(results) == 12
    read = {(item.dataset_split, item.metric_name): item for item in results}
    for split in ("test", "out_of_fold"):
        rate = metrics[split]["per_class"]["Fiction"]["recall"]
        item = read[split, f"Recall of Fiction ({split.replace('_', ' ')})"]
        assert item.metric_value == round(rate["value"], 6)
        assert item.metric_args == {
            "n": rate["n"],
            "low": round(rate["low"], 6),
            "high": round(rate["high"], 6),
            "confidence": 0.95,
        }
        assert item.dataset_revision == artifact.manifest.labels_fingerprint
    accuracy = metrics["test"]["accuracy"]
    row = (
        f"| Accuracy | {accuracy['value']:.3f} | {accuracy['low']:.3f} to {accuracy['high']:.3f} | {accuracy['n']} |"
        " test | Wilson |"
    )
    assert row in numbers_of(card)
    assert f"Model {artifact.fingerprint}, trained" in numbers_of(card)


@pytest.mark.slow
def test_the_errors_by_language_add_up_to_those_out_of_fold(demo_workspace: Workspace, card: str) -> None:
    part = read_json(demo_workspace.find("models", MODEL).path / "metrics.json")["out_of_fold"]
    table = numbers_of(card).split("Errors by language")[1]
    counts = [(int(n.replace(",", "")), int(wrong)) for n, wrong in re.findall(r"\| ([\d,]+) \| (\d+) \|", table)]
    assert sum(n for n, _ in counts) == part["n"]
    assert sum(wrong for _, wrong in counts) == round(part["n"] * (1 - part["accuracy"]["value"]))


def test_what_nobody_said_is_visibly_unfilled(card: str) -> None:
    parts = unfilled_parts(card)
    assert {"the licence", "whom to ask", "who wrote this card"} <= set(parts)
    for heading, question in HEADINGS.values():
        assert f"#### {heading}" in card
        assert question in parts
    assert "license" not in front_matter(card)


def test_what_a_person_said_fills_its_place(demo_workspace: Workspace) -> None:
    metadata = CardMetadata(licence="cc-by-4.0", library="Library of Examples", contact="desk@library.example")
    text = model_card(demo_workspace, demo_workspace.find("models", MODEL), metadata)
    assert front_matter(text)["license"] == "cc-by-4.0"
    assert {"the licence", "whom to ask"}.isdisjoint(unfilled_parts(text))
    assert "Library of Examples (" in text


def test_invented_records_are_said_to_be(card: str) -> None:
    assert "Trained on invented records" in card
    assert "invented-data" in front_matter(card)["tags"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("library_name: colophon", "license: CC0", "'CC0' is no licence that the Hub knows"),
        ("library_name: colophon", "license: other", "'other' needs a license_name"),
        ("library_name: colophon", "size_categories: huge", "'huge' is no size_categories"),
        ("library_name: colophon", "annotations_creators: [us]", "'us' is no annotations_creators"),
        ("library_name: colophon", "language_: [: ]", "no valid YAML in line"),
        ("pipeline_tag: text-classification", "pipeline_tag: magic", "'magic' is no pipeline_tag"),
        ("- de\n", "- no\n", "'language' holds something that is no text"),
        (BEGIN, "", "block of measured numbers is missing"),
        ("      value: 0.", "      valued: 0.", r"model-index\) cannot be read"),
    ],
)
def test_a_card_that_the_hub_would_not_take_is_found_out_without_it(card: str, old: str, new: str, fault: str) -> None:
    assert check_card(card, "model") == ()
    assert old in card
    faults = check_card(card.replace(old, new), "model")
    assert any(re.search(fault, item) for item in faults), faults


def test_a_card_without_front_matter() -> None:
    assert check_card("# A card\n", "model") == (
        "The card has no front matter: it begins with a line of three dashes, and ends with another.",
    )


def test_what_a_person_wrote_stays_and_the_numbers_do_not(card: str) -> None:
    written = card.replace("# Genre from", "# Our genre from").replace("library_name: colophon", "license: mit")
    # Somebody flatters the model, in the table and in the front matter.
    flattered = written.replace("| Accuracy | 0.", "| Accuracy | 1.").replace("value: 0.", "value: 1.")
    again = update_numbers(flattered, card)
    assert numbers_of(again) == numbers_of(card)
    assert front_matter(again)["model-index"] == front_matter(card)["model-index"]
    assert front_matter(again)["license"] == "mit"
    assert "# Our genre from" in again
    assert check_card(again, "model") == ()
    assert update_numbers(again, card) == again


def test_deleted_numbers_come_back(card: str) -> None:
    without = card.replace(numbers_of(card), "")
    again = update_numbers(without, card)
    assert numbers_of(again) == numbers_of(card)
    assert again.count(BEGIN) == again.count(END) == 1


def test_a_changed_card_is_kept_beside_the_model_and_a_broken_one_is_not(tmp_path: Path, card: str) -> None:
    save_card(tmp_path, card.replace("Downstream use", "Used downstream"), card, "model")
    assert (tmp_path / "card" / "README.md").exists()
    with pytest.raises(InputError, match="'CC0' is no licence"):
        save_card(tmp_path, card.replace("library_name: colophon", "license: CC0"), card, "model")
    saved = saved_card(tmp_path)
    assert saved is not None
    assert "Used downstream" in saved
    assert with_fresh_numbers(tmp_path, card) == saved


def test_a_bundle_card_says_what_its_manifest_says(demo_copy: Workspace, bundle: Path, tmp_path: Path) -> None:
    files, _ = write_card(demo_copy, tmp_path / "card", bundle=bundle, metadata=CardMetadata(licence="cc0-1.0"))
    text = files[0].read_text(encoding="utf-8")
    assert check_card(text, "dataset") == ()
    front = front_matter(text)
    assert front["configs"][0]["data_files"] == [{"split": "train", "path": "bundle/data/accepted.parquet"}]
    assert front["annotations_creators"] == ["machine-generated"]
    assert front["size_categories"] == ["1K<n<10K"]
    assert "These records are invented" in text
    assert re.search(r"Of those predicted to be Fiction: [\d.]+ % \(95 % interval .+; n = \d+\)", numbers_of(text))


def test_a_label_card_counts_books_and_names_nobody(demo_workspace: Workspace) -> None:
    labels = load_labels(demo_workspace, "demo-annotated")
    text = label_card(demo_workspace, labels)
    assert check_card(text, "dataset") == ()
    counts = labels.table()["label"].value_counts()
    assert f"| Fiction | {counts['Fiction']:,} |" in numbers_of(text)
    assert "annotators are told apart" in numbers_of(text)
    assert "the instructions annotators had, and who they are" in unfilled_parts(text)


def test_citation_and_deposit_name_what_is_known(demo_workspace: Workspace, tmp_path: Path) -> None:
    metadata = CardMetadata(title="Genre of 19th-century books", licence="cc0-1.0", library="Library of Examples")
    write_card(demo_workspace, tmp_path, model=MODEL, metadata=metadata)
    text = yaml.safe_load((tmp_path / "CITATION.cff").read_text(encoding="utf-8"))
    assert text["cff-version"] == "1.2.0"
    assert text["authors"] == [{"name": "Library of Examples"}]
    assert text["license"] == "CC0-1.0"
    deposit = json.loads((tmp_path / "zenodo.json").read_text(encoding="utf-8"))["metadata"]
    assert deposit["creators"] == [{"name": "Library of Examples"}]
    assert deposit["title"] == text["title"] == "Genre of 19th-century books"
    assert deposit["notes"].startswith("Library of Examples (20")


def test_published_sources_are_known_by_the_download_or_by_the_name(workspace: Workspace) -> None:
    assert [item.name for item in published_sources(workspace, [SourceFile(name="digitised.csv", sha256="0")])] == [
        "digitised"
    ]
    assert published_sources(workspace, [SourceFile(name="books.csv", sha256="1")]) == []
    (workspace.root / "downloads").mkdir()
    (workspace.root / "downloads" / "annotations.json").write_text('{"sha256": "1"}', encoding="utf-8")
    assert [item.name for item in published_sources(workspace, [SourceFile(name="books.csv", sha256="1")])] == [
        "annotations"
    ]


def test_text_from_files_stays_text() -> None:
    assert inline("a | b\n<script>x</script> ![p](u) `c`") == (r"a \| b \<script\>x\</script\> \!\[p\](u) \`c\`")


def test_what_a_person_wrote_cannot_act_in_a_card(demo_workspace: Workspace) -> None:
    metadata = CardMetadata(title="<b>x</b> | *y*\n# z", library="[a](b)")
    artifact, labels = demo_workspace.find("models", MODEL), load_labels(demo_workspace, "demo-annotated")
    for text in (model_card(demo_workspace, artifact, metadata), label_card(demo_workspace, labels, metadata)):
        body = text.split("---\n", 2)[2]
        assert body.startswith("\n# \\<b\\>x\\</b\\> \\| \\*y\\* \\# z\n")
        assert "** \\[a\\](b)\n" in body
        assert "<b>" not in body


@pytest.mark.parametrize(
    ("said", "message"),
    [({"licence": "CC0"}, "'CC0' is no licence"), ({"homepage": "javascript:alert(1)"}, "is no web address")],
)
def test_details_that_cannot_be_right(said: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CardMetadata(**said)


def test_the_command_writes_a_card_and_lists_what_is_unfilled(
    demo_workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--workspace", str(demo_workspace.root), "--json", "card"]
    assert main([*place, "--labels", "demo-annotated", "--out", str(tmp_path / "card")]) == 0
    content = json.loads(capsys.readouterr().out)
    assert [Path(item["path"]).name for item in content["files"]] == ["README.md", "CITATION.cff", "zenodo.json"]
    assert "whom to ask" in content["unfilled"]
    assert main([*place, "--model", MODEL, "--licence", "CC0", "--out", str(tmp_path / "other")]) == 2
    assert "'CC0' is no licence" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def test_a_card_says_that_rules_and_not_people_gave_the_labels(demo_workspace: Workspace, card: str) -> None:
    artifact = demo_workspace.find("models", MODEL)
    assert "labelled by people." in card
    assert "Tested on books that people labelled" in card
    assert "given by rules" not in card
    by_rules = replace(artifact, manifest=artifact.manifest.model_copy(update={"labels_source": "function"}))
    text = model_card(demo_workspace, by_rules)
    words = (
        "The labels were given by rules (labelling functions), not by people: the figures say how well the model"
        " learned the rules, not how often it is right."
    )
    assert words in text.split(BEGIN)[0]
    # Where a person wrote over the card, the block of numbers alone is written anew.
    assert words in numbers_of(text)
    assert "said by the rules" in numbers_of(text)
    assert "books labelled by rules (labelling functions), not by people." in text
    assert "books that rules labelled" in text
    assert "labelled by people" not in text
    names = {item["dataset"]["name"] for item in front_matter(text)["model-index"][0]["results"]}
    assert names == {"demo-annotated (labelled by rules, not by people)"}
    assert check_card(text, "model") == ()


def test_a_label_card_says_that_rules_gave_the_labels(demo_workspace: Workspace) -> None:
    labels = load_labels(demo_workspace, "demo-annotated")
    assert "No person gave these labels" not in label_card(demo_workspace, labels)
    functions = ({"name": "has 'a novel'"}, {"name": "sermons"})
    manifest = labels.manifest.model_copy(
        update={"source": "function", "functions": functions, "checked_against": "demo-test"}
    )
    text = label_card(demo_workspace, replace(labels, artifact=replace(labels.artifact, manifest=manifest)))
    assert "No person gave these labels: 2 rules (labelling functions) did (has 'a novel', sermons)." in text
    assert "They were checked against the labels “demo-test”." in text
