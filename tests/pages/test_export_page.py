"""The Export page: what a metadata librarian chooses there, and what an earlier export was made with."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.export import FORMATS
from core.export.release import Release, release, saved_exports
from core.guarantees import SavedPolicy, save_policy, saved_policies
from core.learned_facets import FacetCollection, add_marks, create_facet, finish_facet
from core.predictions import Scored, load_predictions
from core.storage import Workspace
from core.thresholds import GuaranteeRecord, Policy
from dashboard import cache
from tests.core.export.test_formats_register import ENTRY
from tests.serving import ROOT

CUTS = Policy({"Fiction": 0.9, "Non-fiction": 0.95})


@pytest.fixture
def page(demo_copy: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("COLOPHON_HOME", str(demo_copy.root))
    cache.server_workspace.clear()  # type: ignore[attr-defined]
    save_policy(demo_copy, load_predictions(demo_copy, "demo-predictions").fingerprint, SavedPolicy(policy=CUTS))
    opened = AppTest.from_file(str(Path(ROOT, "dashboard", "app.py")), default_timeout=240)
    opened.query_params["predictions"] = "demo-predictions"
    yield opened.switch_page(str(Path(ROOT, "pages", "export.py"))).run()
    cache.server_workspace.clear()  # type: ignore[attr-defined]


def shown(page: AppTest) -> str:
    # Without what keeps signs and addresses from acting.
    return "\n".join(
        str(item.value).replace("\\", "").replace("\u2060", "") for item in [*page.markdown, *page.caption, *page.error]
    )


@pytest.mark.slow
def test_the_marc_settings_are_explained_and_reach_the_records(page: AppTest) -> None:
    assert not page.exception
    assert "MARC settings" in [item.label for item in page.expander]
    assert "No MARC file is among the formats yet" in shown(page)
    assert page.multiselect(key="marc_kinds").options == ["New records (stubs)", "Delta records"]
    assert "Enriched records need a catalogue that was loaded as MARC; this one was not." in shown(page)
    page.multiselect(key="formats").set_value(["marc"]).run()
    page.multiselect(key="marc_kinds").set_value(["stub"]).run()
    page.selectbox(key="carrier").select("volume").run()
    page.text_input(key="base_uri").input("https://example.org/runs/").run()
    page.selectbox(key="preview").select("marc").run()
    assert not page.exception
    assert "No MARC file is among the formats yet" not in shown(page)
    assert "The book on the shelf (337 unmediated, 338 volume)" in shown(page)
    records = "".join(str(item.proto.body) for item in page.get("html"))
    assert "338    $a volume $b nc" in records
    assert "$u https://example.org/runs/" in records


def test_an_address_that_cannot_be_kept_is_said_and_nothing_else_is_shown(page: AppTest) -> None:
    page.text_input(key="base_uri").input("https://example.org/runs").run()
    assert not page.exception
    assert "Give 'https://example.org/runs/' or" in shown(page)
    assert not [item for item in page.markdown if "leave with a machine label" in item.value]
    page.text_input(key="base_uri").input("").run()
    assert not page.error
    assert [item for item in page.markdown if "leave with a machine label" in item.value]


@pytest.mark.slow
def test_a_description_brings_the_file_it_describes(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    requested: list[tuple[str, ...]] = []
    real = cache.release

    def spy(scored: Scored, chosen: SavedPolicy, settings: Mapping[str, Any]) -> Release:
        requested.append(settings["formats"])
        return real(scored, chosen, settings)

    monkeypatch.setattr(cache, "release", spy)
    page.multiselect(key="formats").set_value(["croissant"]).run()
    assert not page.exception
    assert set(requested) == {("parquet", "croissant")}


@pytest.mark.slow
def test_an_earlier_export_tells_its_settings_and_gives_back_its_cuts(page: AppTest, demo_copy: Workspace) -> None:
    by_language = Policy({}, "language", {"English": {"Fiction": 0.8}, "German": {"Fiction": 0.9}})
    prepared = Release.prepare(
        demo_copy,
        "demo-predictions",
        SavedPolicy(policy=by_language),
        formats=("csv", "marc"),
        marc_kinds=("stub",),
        base_uri="https://example.org/runs/",
    )
    out = demo_copy.folder("exports") / "earlier.zip"
    release(demo_copy, prepared, out)
    page.segmented_control(key="look").set_value("Earlier exports").run()
    text = "English: Fiction above 0.800; German: Fiction above 0.900 · csv, marc · stub · https://example.org/runs/"
    assert text in shown(page)
    fingerprint = load_predictions(demo_copy, "demo-predictions").fingerprint
    [created] = saved_exports(demo_copy, fingerprint)
    page.button(key=f"restore-{created.id}").click().run()
    assert not page.exception
    assert saved_policies(demo_copy, fingerprint)[0].policy == by_language
    assert "Accepted: English: Fiction above 0.800" in shown(page)


@pytest.mark.slow
def test_the_cut_offs_that_stood_on_the_screen_are_restored_though_others_exported_meanwhile(
    page: AppTest, demo_copy: Workspace
) -> None:
    def export(cut: float) -> None:
        policy = Policy({"Fiction": cut, "Non-fiction": cut})
        prepared = Release.prepare(demo_copy, "demo-predictions", SavedPolicy(policy=policy), formats=("csv",))
        release(demo_copy, prepared, demo_copy.folder("exports") / f"{cut}.zip")

    export(0.95)
    page.segmented_control(key="look").set_value("Earlier exports").run()
    [button] = [item for item in page.button if item.label == "Use these cut-offs again"]
    export(0.5)  # somebody else, while this page stands
    button.click().run()
    assert not page.exception
    fingerprint = load_predictions(demo_copy, "demo-predictions").fingerprint
    assert saved_policies(demo_copy, fingerprint)[0].policy.cuts == {"Fiction": 0.95, "Non-fiction": 0.95}
    assert "Accepted: Fiction above 0.950, Non-fiction above 0.950" in shown(page)


@pytest.mark.slow
def test_a_format_from_outside_is_offered_and_previewed(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, "cards", ENTRY)
    page.run()
    assert "Cards for a drawer" in page.multiselect(key="formats").options
    page.multiselect(key="formats").set_value(["cards"]).run()
    page.selectbox(key="preview").select("cards").run()
    assert not page.exception
    assert "card of Fiction" in "".join(str(item.proto.body) for item in page.get("html"))


@pytest.mark.slow
def test_further_labels_of_the_same_books_are_offered_and_written(demo_copy: Workspace, page: AppTest) -> None:
    # The demonstration's second model answers the same question: nothing can stand beside the first.
    assert not [item for item in page.multiselect if item.label == "Also write"]
    collection = FacetCollection.open(demo_copy, "demo-digitised")
    facet = create_facet(demo_copy.database, collection.corpus.fingerprint, "history")
    fits = collection.records["title_key"].str.contains("history")
    marked = [*collection.records["record_id"][fits][:5], *collection.records["record_id"][~fits][:5]]
    add_marks(demo_copy.database, facet, dict(zip(marked, [True] * 5 + [False] * 5, strict=True)))
    finish_facet(demo_copy, facet, collection, name="further")
    page.run()
    assert "further can be written beside these once cut-offs have been kept" in shown(page)
    save_policy(
        demo_copy,
        load_predictions(demo_copy, "further").fingerprint,
        SavedPolicy(
            policy=Policy({"history": 0.6}), promise=GuaranteeRecord(sentence="At most 3 % wrong.", headline="So.")
        ),
    )
    page.run()
    page.multiselect(key="also").set_value(["further"]).run()
    assert not page.exception
    assert "At most 3" in shown(page)
    assert "further: Of 6,000 records" in shown(page)
    records = "".join(str(item.proto.body) for item in page.get("html"))
    assert "pred_label__further" in records
