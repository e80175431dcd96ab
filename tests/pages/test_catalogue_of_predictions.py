"""The Catalogue page says which catalogue predictions made elsewhere were joined with, and takes another choice."""

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from core.importing import import_file
from core.predictions import NO_CORPUS, kept_catalogue, load_predictions
from core.storage import Workspace

CATALOGUE = "id,title,language\n001,The mill of Pell,French\n002,The bell of Pell,Latin\n003,Sermons,Latin\n"
PREDICTIONS = "id,predicted,confidence\n1,Fiction,0.9\n2,Fiction,0.8\n3,Non-fiction,0.7\n"


def _text(page: AppTest) -> str:
    return "\n".join(str(one.value).replace("\\", "") for one in [*page.markdown, *page.warning])


def test_a_choice_on_the_page_holds_everywhere(
    workspace: Workspace, tmp_path: Path, open_page: Callable[[Workspace, str], AppTest]
) -> None:
    for kind, text in (("corpus", CATALOGUE), ("predictions", PREDICTIONS)):
        path = tmp_path / f"{kind}.csv"
        path.write_text(text)
        import_file(workspace, path, kind, name="cat" if kind == "corpus" else "p")
    page = open_page(workspace, "catalogue.py")
    page.query_params["corpus"] = "p"
    page.run()
    assert not page.exception
    assert "3 of 3 predictions found among the records of the catalogue 'cat': 3 after restoring" in _text(page)
    fingerprint = load_predictions(workspace, "p").fingerprint
    chooser = page.selectbox(key=f"catalogue-of-{fingerprint}")
    assert chooser.value == "(the one that holds them)"
    chooser.select("(none: only what their own file says)").run()
    assert not page.exception
    assert kept_catalogue(workspace, fingerprint) == NO_CORPUS
    assert "predictions found among" not in _text(page)
    page.selectbox(key=f"catalogue-of-{fingerprint}").select("cat").run()
    assert kept_catalogue(workspace, fingerprint) == "cat"
    export = open_page(workspace, "export.py").run()
    assert not export.exception
