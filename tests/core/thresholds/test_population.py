"""A promise is held against the collection: by every facet and by how sure the model is."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.cli import main
from core.importing import import_file
from core.storage import Workspace
from core.thresholds import compare_population, find_guaranteed_cuts
from core.thresholds.population import MIN_CONFIDENCE_EFFECT
from core.wording.thresholds import guarantee_record, population_warnings

CLASSES = ("Fiction", "Non-fiction")


def library(n: int, seed: int, *, language: str, sure: float) -> pd.DataFrame:
    """n books of an invented library, of which the model is about so sure."""
    random = np.random.default_rng(seed)
    confidence = random.beta(20 * sure, 20 * (1 - sure), n) / 2 + 0.5
    return pd.DataFrame(
        {
            "record_id": [f"{language[:2]}{i:05}" for i in range(n)],
            "title": [f"A tale of {language} number {i}" for i in range(n)],
            "language": random.choice([language, "Latin"], n, p=[0.9, 0.1]),
            "predicted": random.choice(CLASSES, n),
            "confidence": confidence,
            "truth": "",
            "leak": False,
            "split": "",
        }
    )


def checked(table: pd.DataFrame, mask: np.ndarray, seed: int = 0) -> pd.DataFrame:
    """The same books, of which these were checked; the model is right as often as it says."""
    random = np.random.default_rng(seed)
    right = random.random(len(table)) < table["confidence"]
    other = np.where(table["predicted"] == CLASSES[0], CLASSES[1], CLASSES[0])
    return table.assign(truth=np.where(mask, np.where(right, table["predicted"], other), ""))


def two_libraries(few: int = 300, many: int = 1500) -> pd.DataFrame:
    """The books of one library, all checked, among those of another, of which the model is less sure."""
    both = pd.concat(
        [library(few, 1, language="English", sure=0.95), library(many, 2, language="Dutch", sure=0.6)],
        ignore_index=True,
    )
    return checked(both, np.arange(len(both)) < few)


def test_another_library_is_warned_of_in_plain_words() -> None:
    found = compare_population(two_libraries())
    by_name = {respect.name: respect for respect in found.aspects}
    assert (found.n_checked, found.n_unchecked) == (300, 1500)
    assert by_name["confidence"].differs
    assert by_name["language"].differs
    assert not by_name["predicted"].differs
    assert "The model is less sure of the books nobody checked: it is more than" in population_warnings(found)[0]
    assert "0 % of the checked books and" in population_warnings(found)[0]
    assert "are Dutch books" in population_warnings(found)[0]
    assert "Kolmogorov" not in population_warnings(found)[0]
    json.dumps(found.as_dict(), allow_nan=False)


def test_figures_by_hand() -> None:
    """60 of 100 checked books are Dutch, 40 of 100 others: of all 200, half, so that the distance is 0.1."""
    table = pd.DataFrame(
        {
            "language": ["Dutch"] * 60 + ["English"] * 40 + ["Dutch"] * 40 + ["English"] * 60,
            "predicted": "Fiction",
            # The checked ones are all surer: the largest distance there is, 1, and half of it to the collection.
            "confidence": np.concatenate([np.linspace(0.9, 0.99, 100), np.linspace(0.5, 0.59, 100)]),
            "truth": ["Fiction"] * 100 + [""] * 100,
        }
    )
    by_name = {respect.name: respect for respect in compare_population(table).aspects}
    assert by_name["language"].effect == pytest.approx(0.1)
    assert by_name["language"].p == pytest.approx(0.0046777, abs=1e-6)  # χ² = 8 with one degree of freedom
    assert by_name["confidence"].effect == pytest.approx(0.5)
    assert by_name["confidence"].differs
    assert np.isnan(by_name["predicted"].p)  # all are Fiction: nothing to test


def test_the_size_of_the_sample_alone_never_decides() -> None:
    """With half a million books a difference of one point is certain and does not matter."""
    random = np.random.default_rng(0)
    n = 250_000
    table = pd.DataFrame(
        {
            "language": np.where(random.random(2 * n) < np.repeat([0.50, 0.49], n), "Dutch", "English"),
            "predicted": "Fiction",
            "confidence": np.concatenate([random.random(n), random.random(n) * 0.99]),
            "truth": ["Fiction"] * n + [""] * n,
        }
    )
    found = compare_population(table)
    assert max(respect.p_adjusted for respect in found.aspects if respect.name != "predicted") < 1e-4
    assert population_warnings(found) == ()


def test_the_surer_model_is_said_too() -> None:
    table = two_libraries()
    turned = table.assign(confidence=1.5 - table["confidence"])
    assert "The model is more sure of the books nobody checked" in population_warnings(compare_population(turned))[0]


@pytest.mark.parametrize("few", [0, 9])
def test_too_few_books_to_compare_are_no_reason(few: int) -> None:
    table = two_libraries()
    assert compare_population(table.assign(truth=table["truth"].where(table.index < few, ""))).aspects == ()


def test_a_collection_that_is_all_checked_is_the_collection() -> None:
    table = two_libraries()
    assert population_warnings(compare_population(table.assign(truth=table["predicted"]))) == ()


def test_leaks_and_training_books_speak_for_nobody() -> None:
    table = two_libraries()
    assert compare_population(table.assign(leak=True)).n_checked == 0
    assert compare_population(table.assign(split="train")).n_checked == 0


def test_a_promise_carries_its_warning_wherever_it_goes() -> None:
    found = find_guaranteed_cuts(two_libraries(), CLASSES, 0.05)
    content = guarantee_record(found).as_dict()
    (warning,) = population_warnings(found.population)
    assert content["warnings"] == [warning]
    assert content["population"]["warning"] == warning
    assert content["sentence"].endswith(warning)
    assert "95 %" in content["sentence"]
    assert content["promised"] is False
    assert content["sentence"].startswith("This is no promise: the checked books are not like the books nobody checked")
    assert content["reason"] == "This is no promise: the checked books are not like the books nobody checked."


@pytest.mark.slow
def test_page_aside_command_report_and_export_all_warn(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "both.csv"
    two_libraries().drop(columns=["leak", "split"]).to_csv(path, index=False)
    import_file(workspace, path, "predictions", name="both")
    common = ["--workspace", str(workspace.root), "--quiet"]
    promised = ["--predictions", "both", "--max-error", ".1", "--per", "together"]
    words = "The model is less sure of the books nobody checked"

    main(["thresholds", *promised, *common])
    text = capsys.readouterr().out
    assert words in text
    assert text.index("confidence at most 10 %") < text.index(words) < text.index("records (")
    main(["thresholds", *promised, *common, "--json"])
    content = json.loads(capsys.readouterr().out)
    assert words in content["warnings"][0]
    assert words in content["promise"]["warnings"][0]
    main(["thresholds", "--predictions", "both", "--cut", "Fiction=.9", *common, "--json"])
    assert words in json.loads(capsys.readouterr().out)["warnings"][0]

    assert main(["report", *promised, *common, "--out", str(tmp_path / "r.html")]) == 0
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert html.count(words) == 2  # beside the verdict and beside the cut-offs
    # What was asked for cannot be promised.
    assert main(["export", *promised, *common, "--format", "csv", "--out", str(tmp_path / "e.zip")]) == 1
    with zipfile.ZipFile(tmp_path / "e.zip") as archive:
        read = {name.rsplit("/")[-1]: archive.read(name).decode() for name in archive.namelist() if "." in name}
    assert words in read["README.md"]
    assert words in json.loads(read["manifest.json"])["policy"]["promise"]["warnings"][0]


def test_least_effects_are_what_is_documented() -> None:
    assert MIN_CONFIDENCE_EFFECT == 0.02


@pytest.mark.parametrize(("share", "differs"), [(0.05, True), (0.03, False)])
def test_a_language_that_nobody_could_read_is_found(share: float, differs: bool) -> None:
    """.95 ** 200 = .00004 is no chance, .97 ** 200 = .0023 may be one among so many values; both are under 5 %."""
    n = 4000
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "title": "A tale",
            "language": np.where(np.arange(n) < share * n, "Dutch", "English"),
            "predicted": random.choice(CLASSES, n),
            "confidence": random.random(n),
            "truth": "",
        }
    )
    read = np.flatnonzero(table["language"] == "English")
    table.loc[random.choice(read, 200, replace=False), "truth"] = "Fiction"
    by_name = {respect.name: respect for respect in compare_population(table).aspects}
    language = by_name["language"]
    assert language.effect == pytest.approx(share)
    assert language.differs is differs
    if differs:
        # Two languages are tested.
        assert language.p_lacking == pytest.approx(2 * 0.95**200)
        assert "0 % of the checked books and 5 % of those nobody checked are Dutch books" in language.words


def test_known_chances_and_a_persons_word_go_before_any_comparison() -> None:
    table = two_libraries()
    drawn = (table["truth"] != "").to_numpy()
    assert compare_population(table.assign(drawn_chance=np.where(drawn, 0.2, np.nan))).aspects == ()
    unequal = np.where(drawn, np.where(np.arange(len(table)) % 2, 0.2, 0.4), np.nan)
    first = compare_population(table.assign(drawn_chance=unequal)).differing[0]
    assert (first.name, first.words) == ("drawn", "some of them were drawn with a higher chance than others")
    first = compare_population(table.assign(drawn=np.where(drawn, "chosen", ""))).differing[0]
    assert first.words == "they were chosen, not drawn at random"
