"""A model that reads a shelfmark beside the title: what it learns, what it says of records without one."""

import numpy as np
import pandas as pd
import pytest

from core.cli import main
from core.errors import InputError, NotFoundError
from core.explain import leave_one_word_out, word_contributions
from core.importing import import_file
from core.labels import load_labels
from core.model_input import join_fields
from core.models.fitting import Plan, fit
from core.models.preparation import labelled_books, readable_columns, text_of_record
from core.models.registry import load
from core.models.scoring import predict_corpus
from core.models.training import train
from core.predictions import load_predictions
from core.storage import Workspace

SHELVES = {"Fiction": "Store 0126{:02d}.e.1", "Poetry": "HMNTS 116{:02d}.a.3", "Travel": "0100{:02d}.bb.7"}


def shelved(books, keep=1.0, seed=0):
    """Give books a shelfmark that tells their class, to a share of them."""
    generator = np.random.default_rng(seed)
    marks = [SHELVES[label].format(generator.integers(100)) for label in books["label"]]
    existing = generator.random(len(books)) < keep
    return books.assign(shelfmark=np.where(existing, marks, ""))


@pytest.fixture(scope="module")
def place(tmp_path_factory, make_books):
    """A workspace with labels and a catalogue; titles tell little, shelfmarks all, and a third of records has none."""
    folder = tmp_path_factory.mktemp("reads")
    workspace = Workspace(folder / "workspace")
    labelled = shelved(make_books(240, noise=0.6)).assign(secret=lambda t: t["label"])
    catalogue = shelved(make_books(150, noise=0.6, seed=9, start=7000), keep=0.67, seed=1)
    for table, kind, name in (
        (labelled, "labels", "annotated"),
        (catalogue.drop(columns="label"), "corpus", "catalogue"),
    ):
        path = folder / f"{name}.csv"
        table.drop(columns=["title_key", "alternate_id"]).to_csv(path, index=False)
        import_file(workspace, path, kind, name=name, overrides=["record_id=record_id", "title=title"])
    return workspace, catalogue


@pytest.fixture(scope="module")
def model(place):
    workspace, _ = place
    report = train(workspace, "annotated", reads=("shelfmark",), name="shelves")
    return report, load(workspace, "shelves")


def test_columns_of_the_labels_alone_and_the_label_itself_are_no_choice(place):
    workspace, _ = place
    assert readable_columns(workspace, "annotated") == ("shelfmark",)
    with pytest.raises(InputError, match="'secret' cannot be read beside the title.*Such columns are: shelfmark"):
        train(workspace, "annotated", reads=("secret",))
    with pytest.raises(InputError, match="'label' cannot be read"):
        train(workspace, "annotated", reads=("label",))


def test_too_few_values_are_refused_before_the_training(place, make_books, tmp_path):
    workspace, _ = place
    path = tmp_path / "few.csv"
    shelved(make_books(120, start=3000), keep=0.2).drop(columns=["title_key", "alternate_id"]).to_csv(path, index=False)
    import_file(workspace, path, "labels", name="few", overrides=["record_id=record_id", "title=title"])
    with pytest.raises(InputError, match="of the 120 labelled books have something in shelfmark.*50 are needed"):
        train(workspace, "few", reads=("shelfmark",))


def test_the_shelf_tells_what_titles_do_not(model):
    report, saved = model
    metrics = report.metrics
    assert metrics["out_of_fold"]["accuracy"]["value"] > 0.97
    assert 0.3 < metrics["titles_alone"]["accuracy"]["value"] < 0.75
    assert metrics["titles_alone"]["n"] == metrics["out_of_fold"]["n"] == 240
    assert report.sentences[0] == "Beside the title it reads shelfmark; 240 of the 240 labelled books have it."
    right = round(240 * metrics["out_of_fold"]["accuracy"]["value"])
    alone = round(240 * metrics["titles_alone"]["accuracy"]["value"])
    assert report.sentences[-1] == (
        f"Of 240 labelled books it is right on {right} with shelfmark, and on {alone} by their titles alone."
    )
    assert saved.reads == ("shelfmark",)
    assert report.n_train == 240


def test_a_column_that_tells_nothing_is_said_to(place, make_books, tmp_path):
    workspace, _ = place
    books = shelved(make_books(240, start=20_000))
    path = tmp_path / "shuffled.csv"
    shuffled = books["shelfmark"].sample(frac=1, random_state=0).to_numpy()
    books.assign(shelfmark=shuffled).drop(columns=["title_key", "alternate_id"]).to_csv(path, index=False)
    import_file(workspace, path, "labels", name="shuffled", overrides=["record_id=record_id", "title=title"])
    text = train(workspace, "shuffled", reads=("shelfmark",)).sentences[-1]
    assert text.endswith("train on titles alone.")


def test_a_book_is_learned_with_its_shelf_and_by_its_title_alone(model):
    _, saved = model
    text = join_fields(pd.Series(["Aylmer Conrad: 1."]), {"shelfmark": pd.Series(["012650.f.2"])}).iloc[0]
    shelf, title = saved.probabilities([text, "Aylmer Conrad: 1."])
    assert shelf[0] > 0.9
    assert title.max() < 0.8
    # Titles alone have a calibration of their own: with the one for shelves they would be surer.
    scores = saved.classifier.predict_probabilities(["Aylmer Conrad: 1."])
    assert saved.title_only_calibration.temperature != saved.calibration.temperature
    np.testing.assert_allclose(title, saved.title_only_calibration.apply(scores)[0])


def test_a_catalogue_is_scored_with_the_column_where_it_is_there(place, model):
    workspace, catalogue = place
    report = predict_corpus(workspace, "shelves", "catalogue", name="scored")
    result = load_predictions(workspace, "scored").table()
    right = result["predicted"].to_numpy() == catalogue["label"].to_numpy()
    with_mark = (catalogue["shelfmark"] != "").to_numpy()
    assert right[with_mark].mean() > 0.95
    assert right[~with_mark].mean() < 0.75
    without = int((~with_mark).sum())
    assert f"{without} of the 150 records have nothing in shelfmark: the model judged them by" in report.sentences[-1]
    texts = text_of_record(
        workspace, load_predictions(workspace, "scored"), catalogue["record_id"][0], kept_reads(model)
    )
    assert texts.startswith(catalogue["title"][0])
    with pytest.raises(NotFoundError, match="speaks of no record 'nobody'"):
        text_of_record(workspace, load_predictions(workspace, "scored"), "nobody", ())


def kept_reads(model):
    return model[1].reads


def test_a_catalogue_without_the_column_is_read_by_titles_and_that_is_said(place, model, make_books, put):
    workspace, _ = place
    put(workspace, make_books(30, start=500), "corpus", "plain")
    report = predict_corpus(workspace, "shelves", "plain", name="plain-scored")
    assert "The model also reads shelfmark, and this catalogue has no such column." in report.sentences


def test_labels_without_the_column_take_it_from_the_catalogue(place, tmp_path):
    workspace, catalogue = place
    path = tmp_path / "bare.csv"
    catalogue[["record_id", "label"]].to_csv(path, index=False)
    import_file(workspace, path, "labels", name="bare", overrides=["record_id=record_id"])
    assert readable_columns(workspace, "bare") == ()
    assert readable_columns(workspace, "bare", "catalogue") == ("shelfmark",)
    books, _ = labelled_books(workspace, load_labels(workspace, "bare"), "catalogue", ("shelfmark",))
    wanted = join_fields(catalogue["title"], {"shelfmark": catalogue["shelfmark"]})
    assert books["text"].tolist() == wanted.tolist()


def test_an_explanation_names_the_column_as_one(model):
    _, saved = model
    text = join_fields(pd.Series(["Aylmer, or, A tour"]), {"shelfmark": pd.Series(["Store 012650.f.2"])}).iloc[0]
    exact = word_contributions(saved, text)
    assert exact.table["word"].tolist()[-1] == "shelfmark: Store 012650.f.2"
    assert exact.class_name == "Fiction"
    assert exact.table["contribution"].abs().idxmax() == len(exact.table) - 1
    assert exact.base + exact.table["contribution"].sum() == pytest.approx(exact.log_odds)
    odds = np.log(exact.probability / (1 - exact.probability))
    assert odds > 0
    left_out = leave_one_word_out(saved, text)
    assert left_out.table["word"].tolist() == exact.table["word"].tolist()
    assert left_out.table["contribution"].idxmax() == len(left_out.table) - 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["transformer", "embedding", "cascade", "blend"])
def test_every_kind_reads_the_column(kind, make_books, quick):
    books = shelved(make_books(150, noise=0.9))
    books["text"] = join_fields(books["title"], {"shelfmark": books["shelfmark"]})
    options = {"base": quick["base"]} if kind in ("embedding", "blend") else quick
    if kind == "cascade":
        options = {"base": quick["base"], "second": {"kind": "embedding"}}
    fitted = fit(books, Plan(kind=kind, options=options))
    own = fitted.training[[f"p_{name}" for name in fitted.calibration.classes]].to_numpy()
    classes = np.array(fitted.calibration.classes)
    truth = fitted.training["label"].to_numpy()
    with_shelf = (classes[own.argmax(axis=1)] == truth).mean()
    alone = (classes[fitted.title_only.probabilities.argmax(axis=1)] == truth).mean()
    assert with_shelf > alone + 0.15
    assert (fitted.training["title"] == books["title"]).all()


def test_the_command_line_reads_columns(place, model, capsys):
    workspace, _ = place
    words = [
        "train",
        "--labels",
        "annotated",
        "--reads",
        "shelfmark",
        "--name",
        "typed",
        "--workspace",
        str(workspace.root),
    ]
    assert main([*words, "--quiet"]) == 0
    output = capsys.readouterr().out
    assert "Beside the title it reads shelfmark" in output
    assert "Accuracy, titles alone" in output
    assert load(workspace, "typed").fingerprint == model[1].fingerprint
