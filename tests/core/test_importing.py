import json
from pathlib import Path

import pytest

from core.corpus import load_corpus
from core.errors import InputError, MappingError, NameTakenError
from core.importing import ReadOptions, import_file, peek
from core.labels import load_labels
from core.predictions import load_predictions, load_scored
from core.readers.columns import ConfirmedMapping
from core.storage import Workspace, read_json, write_json

CATALOGUE = """BL record ID,Title,Date of publication,Languages
000000001,None,1843,English
000000002,Gedichte,[1840?],
000000003,Over the hills. A novel,1879 [1878],English
000000003,Over the hills. Second row,1879,English
000000004,too,many,cells,here
"""
LABELS = """BL record ID,Title,label,user_id
000000001,None,Non-fiction,a
000000002,Gedichte,Fiction,a
000000002,Gedichte,Fiction,b
000000003,Over the hills. A novel,both,a
"""
PREDICTIONS = """identifier,title,predicted_label,fiction_probs,non_fiction_probs,true_label
1,None,Non-fiction,0.2,0.8,non_fiction
2,Gedichte,Non-fiction,0.4,0.6,fiction
3,Over the hills. A novel,Fiction,0.9,0.1,
"""


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_catalogue_keeps_every_value_and_lists_what_it_cannot_take(tmp_path: Path, workspace: Workspace) -> None:
    report = import_file(workspace, _file(tmp_path, "My file.csv", CATALOGUE), "corpus")
    assert (report.name, report.rows, report.rejected) == ("my-file", 3, 2)
    corpus = load_corpus(workspace, "my-file")
    records = corpus.records()
    assert records["record_id"].tolist() == ["000000001", "000000002", "000000003"]
    assert records["title"][0] == "None"
    assert records["year"].tolist() == [1843, 1840, 1879]
    assert corpus.originals()["Date of publication"].tolist() == ["1843", "[1840?]", "1879 [1878]"]
    assert corpus.rejected()["line"].tolist() == [5, 6]
    assert "000000003" in corpus.rejected()["reason"][0]
    assert json.loads(json.dumps(report.as_dict()))["mapping"]["BL record ID"] == "record_id"


def test_set_aside_rows_stand_by_their_lines_and_progress_never_falls(tmp_path: Path, workspace: Workspace) -> None:
    # The reader sets aside line 5, which has too many cells; then line 4 turns out to repeat a record id.
    lines = CATALOGUE.splitlines(keepends=True)
    shares: list[float] = []
    path = _file(tmp_path, "a.csv", "".join([*lines[:2], lines[3], lines[4], lines[5], lines[2]]))
    import_file(workspace, path, "corpus", progress=lambda share, message: shares.append(share))
    rejected = load_corpus(workspace, "a").rejected()
    assert rejected["line"].tolist() == [4, 5]
    assert rejected.index.tolist() == [0, 1]
    assert shares == sorted(shares)
    assert shares[-1] <= 1


def test_the_same_file_is_imported_once_and_another_reading_is_another_import(
    tmp_path: Path, workspace: Workspace
) -> None:
    path = _file(tmp_path, "a.csv", CATALOGUE)
    first = import_file(workspace, path, "corpus", name="one")
    again = import_file(workspace, path, "corpus", name="two")
    other = import_file(workspace, path, "corpus", name="three", overrides=["Languages="])
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert len(list((workspace.root / "corpora").iterdir())) == 2


def test_labels_are_one_a_book(tmp_path: Path, workspace: Workspace) -> None:
    report = import_file(workspace, _file(tmp_path, "l.csv", LABELS), "labels")
    assert report.summary["classes"] == {"Fiction": 1, "Non-fiction": 1}
    assert report.summary["undecided"] == {"both": 1}
    labels = load_labels(workspace, "l")
    assert labels.table()["rows"].tolist() == [1, 2, 1]
    assert len(labels.annotations()) == 4
    assert labels.training_table()["label"].tolist() == ["Non-fiction", "Fiction"]


def test_predictions_meet_labels_though_their_zeros_were_lost(tmp_path: Path, workspace: Workspace) -> None:
    import_file(workspace, _file(tmp_path, "l.csv", LABELS), "labels", name="people")
    report = import_file(workspace, _file(tmp_path, "p.csv", PREDICTIONS), "predictions", name="tool")
    assert report.summary["with_truth"] == 2
    assert load_predictions(workspace, "tool").classes == ("Fiction", "Non-fiction")
    own = load_scored(workspace, "tool")
    assert own.labelled["correct"].tolist() == [True, False]
    # The label set holds the books under test: the truth is never the suspect, and that nothing is known is said.
    assert not own.table["leak"].any()
    assert any("people holds the very books under test" in sentence for sentence in own.sentences)
    checked = load_scored(workspace, "tool", "people")
    assert checked.table["truth"].tolist() == ["Non-fiction", "Fiction", ""]
    assert checked.table["truth_given"].tolist() == ["Non-fiction", "Fiction", "both"]
    assert any("3 after restoring lost leading zeros" in sentence for sentence in checked.sentences)
    assert not checked.table["leak"].any()
    # What a tool elsewhere learned from is known only when somebody says so.
    assert not own.learned_known
    assert load_scored(workspace, "tool", learned_from=["people"]).learned_known


def test_labels_without_identifiers_meet_by_title_and_it_is_said(tmp_path: Path, workspace: Workspace) -> None:
    titles = "Title,label\nGedichte,Fiction\nNowhere to be found,Fiction\n"
    import_file(workspace, _file(tmp_path, "t.csv", titles), "labels", name="titles")
    import_file(workspace, _file(tmp_path, "p.csv", PREDICTIONS), "predictions", name="tool")
    scored = load_scored(workspace, "tool", "titles")
    assert scored.table["truth"].tolist() == ["", "Fiction", ""]
    assert "looked for by title: 1 of 2 found" in scored.sentences[0]


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("labels", "id,title\n1,a\n", "label"),
        ("predictions", "id,title\n1,a\n", "predict"),
        ("corpus", "id,shelf\n1,a\n", "title"),
    ],
)
def test_what_is_needed_and_missing_is_named(
    tmp_path: Path, workspace: Workspace, kind: str, text: str, message: str
) -> None:
    with pytest.raises(MappingError, match=message):
        import_file(workspace, _file(tmp_path, "x.csv", text), kind)  # type: ignore[arg-type]
    assert workspace.list("corpora") == workspace.list("labels") == workspace.list("predictions") == []


def test_an_unknown_kind_is_refused(tmp_path: Path, workspace: Workspace) -> None:
    with pytest.raises(InputError, match="no kind of file"):
        import_file(workspace, _file(tmp_path, "x.csv", CATALOGUE), "shelf")  # type: ignore[arg-type]


def test_a_peek_shows_what_an_import_would_begin_with(tmp_path: Path) -> None:
    source, mapping = peek(_file(tmp_path, "x.csv", "a;b\n1;2\n"), "labels", ReadOptions(delimiter=";"))
    assert list(source.frame.columns) == ["a", "b"]
    assert "label" not in mapping.columns


class TestTheSameFileReadByAnotherVersion:
    """The name that is given stands for this very file; only the version of Colophon that read it is another."""

    NOTE = "'books' is this very file already, as an earlier version of Colophon read it. That was kept"

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return _file(tmp_path, "books.csv", CATALOGUE)

    def test_the_reading_that_is_there_is_kept_and_that_is_said(
        self, path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = import_file(workspace, path, "corpus", name="books")
        monkeypatch.setattr("core.importing._VERSION", 4)
        again = import_file(workspace, path, "corpus", name="books")
        assert (again.name, again.rows, again.fingerprint) == ("books", 3, first.fingerprint)
        assert again.name_note.startswith(self.NOTE)
        assert again.name_note in again.warnings
        assert "import it under another name, or rename or remove that one first" in again.name_note
        assert len(list((workspace.root / "corpora").iterdir())) == 1
        anew = import_file(workspace, path, "corpus", name="anew")
        assert anew.fingerprint != first.fingerprint
        assert anew.name_note == ""
        assert load_corpus(workspace, "anew").manifest.import_version == 4
        assert import_file(workspace, path, "corpus", name="anew") == anew

    def test_manifests_that_do_not_say_their_version_are_of_an_earlier_one(
        self, path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = import_file(workspace, path, "corpus", name="books")
        manifest = workspace.find("corpora", "books").path / "manifest.json"
        content = {key: value for key, value in read_json(manifest).items() if key not in ("import_version", "seal")}
        write_json(manifest, content)
        monkeypatch.setattr("core.importing._VERSION", 4)
        assert import_file(workspace, path, "corpus", name="books").fingerprint == first.fingerprint

    def test_what_is_asked_for_now_is_not_passed_over(
        self, path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import_file(workspace, path, "corpus", name="books")
        monkeypatch.setattr("core.importing._VERSION", 4)
        with pytest.raises(NameTakenError, match="'books' is this very file already, read otherwise"):
            import_file(workspace, path, "corpus", name="books", overrides=["Languages="])

    def test_another_file_is_refused_as_ever(
        self, path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import_file(workspace, path, "corpus", name="books")
        monkeypatch.setattr("core.importing._VERSION", 4)
        other = path.with_name("other.csv")
        other.write_text(CATALOGUE + "4,Persuasion,1818,English\n", encoding="utf-8")
        with pytest.raises(NameTakenError, match="'books' is the name of another corpus here"):
            import_file(workspace, other, "corpus", name="books")

    def test_predictions_keep_what_was_decided_about_them(
        self, tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = _file(tmp_path, "p.csv", "id,title,predicted,confidence\n1,Emma,Fiction,0.9\n2,Map,Map,0.7\n")
        first = import_file(workspace, path, "predictions", name="p")
        workspace.database.add("review", first.fingerprint, {"record_ids": ["2"], "reason": "odd"})
        monkeypatch.setattr("core.importing._VERSION", 4)
        again = import_file(workspace, path, "predictions", name="p")
        assert len(workspace.database.read("review", again.fingerprint)) == 1


def _changes_later(folder: Path) -> Path:
    """Write 2,100 books; the record ids of the last 100 repeat, and only these have probabilities of a third class."""
    rows = [f"b{i},s{i},A tale of Pell {i},0.9,0.1,\n" for i in range(2_000)]
    rows += [f"b{i},s{2_000 + i},A map of Pell {i},0.2,0.1,0.7\n" for i in range(100)]
    path = folder / "books.csv"
    path.write_text("record id,system number,title,p_Fiction,p_Play,p_Map\n" + "".join(rows), encoding="utf-8")
    return path


@pytest.mark.slow
def test_what_was_confirmed_from_the_first_rows_is_imported_and_what_all_rows_say_is_asked(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = _changes_later(tmp_path)
    source, seen = peek(path, "corpus")
    assert not source.complete and seen.columns["record_id"] == "record id"
    confirmed = ConfirmedMapping(seen.columns, seen.probabilities, tuple(source.frame.columns))
    report = import_file(workspace, path, "corpus", name="kept", confirmed=confirmed)
    assert report.mapping == {"record id": "record_id", "system number": "alternate_id", "title": "title"}
    assert (report.rows, report.rejected) == (2_000, 100)
    items = [question for question in report.questions if "as confirmed from the first rows" in question]
    assert items[0] == (
        "'record id' was read as record id, as confirmed from the first rows; all 2,100 rows together look as if it "
        "were alternate id: is it right as it is?"
    )
    # On the command line nobody has confirmed anything, and all rows are there to guess from.
    by_itself = import_file(workspace, path, "corpus", name="guessed")
    assert by_itself.mapping["system number"] == "record_id"
    assert (by_itself.rows, by_itself.rejected) == (2_100, 0)


def test_a_confirmed_mapping_that_all_rows_agree_with_changes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("id,title,p_Map,p_Play,truth\n1,Tales,.9,.1,Map\n2,Odes,.2,.8,Play\n", encoding="utf-8")
    source, seen = peek(path, "predictions")
    confirmed = ConfirmedMapping(seen.columns, seen.probabilities, tuple(source.frame.columns))
    alone, saved = (import_file(workspace, path, "predictions", name="p", confirmed=item) for item in (None, confirmed))
    assert alone.as_dict() == saved.as_dict()


def test_a_column_that_comes_up_later_is_taken_and_asked_about(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    first = '{{"id": "b{0}", "title": "A tale {0}", "scores": [{{"label": "A", "score": 0.9}}, '
    first += '{{"label": "B", "score": 0.1}}]}}\n'
    later = '{{"id": "c{0}", "title": "A map {0}", "scores": [{{"label": "A", "score": 0.1}}, '
    later += '{{"label": "C", "score": 0.9}}]}}\n'
    lines = [first.format(i) for i in range(2_000)] + [later.format(i) for i in range(10)]
    path.write_text("".join(lines), encoding="utf-8")
    source, seen = peek(path, "predictions")
    assert set(seen.probabilities) == {"A", "B"}
    confirmed = ConfirmedMapping(seen.columns, seen.probabilities, tuple(source.frame.columns))
    report = import_file(workspace, path, "predictions", name="p", confirmed=confirmed)
    assert report.summary["predicted"] == {"A": 2_000, "B": 0, "C": 10}
    assert any(
        question.startswith("The column 'p_C' comes up after the first rows only") for question in report.questions
    )


def test_a_confirmed_column_that_is_not_there_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    confirmed = ConfirmedMapping({"title": "Titel"}, {}, ("Titel",))
    with pytest.raises(MappingError, match="There is no column 'Titel'"):
        import_file(workspace, _changes_later(tmp_path), "corpus", confirmed=confirmed)
