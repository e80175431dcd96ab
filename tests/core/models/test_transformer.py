import copy
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from core.calibration import Calibration
from core.errors import Cancelled, InputError, ModelError
from core.explain import leave_one_word_out
from core.models import TrainingData, encoder, language_models, runtime
from core.models.fitting import Plan, fit
from core.models.preparation import with_known_titles
from core.models.registry import import_pretrained, load, load_folder
from core.models.runtime import epoch_batches, length_sorted, padded
from core.models.transformer import (
    TransformerClassifier,
    _calibrated_losses,
    _has_worsened,
    load_pretrained,
    stratified,
)

pytestmark = pytest.mark.slow

ASKED = ["Travels in Persia", "An ode", "A tale for girls", ""]


@pytest.fixture(scope="module")
def books(make_books):
    return make_books(150, seed=3, noise=0.0)


@pytest.fixture(scope="module")
def data(books, as_data):
    return as_data(books)


@pytest.fixture(scope="module")
def trained(data, quick):
    return TransformerClassifier.train(data, seed=1, options=quick)


@pytest.fixture(scope="module")
def fitted(books, quick):
    return fit(books, Plan(kind="transformer", seed=1, options=quick))


@pytest.fixture(scope="module")
def finished(tiny_base, tmp_path_factory):
    """A folder as the Hub has it: a classifier with labels and a head of its own."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = tmp_path_factory.mktemp("finished")
    torch.manual_seed(5)
    labels = {0: "Non-fiction", 1: "Fiction"}
    model = AutoModelForSequenceClassification.from_pretrained(
        tiny_base, num_labels=2, id2label=labels, label2id={name: number for number, name in labels.items()}
    )
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_base).save_pretrained(folder)
    return folder


class TestLearning:
    def test_it_learns_what_the_words_say(self, trained, make_books):
        others = make_books(90, seed=8, noise=0.0, start=5_000)
        result = trained.predict_probabilities(others["title"].tolist())
        assert result.sum(axis=1) == pytest.approx(1)
        right = np.array(trained.classes)[result.argmax(axis=1)] == others["label"].to_numpy()
        assert right.mean() > 0.9

    def test_equal_data_and_seed_give_an_equal_classifier(self, trained, data, quick):
        again = TransformerClassifier.train(data, seed=1, options=quick)
        assert np.allclose(again.predict_probabilities(ASKED), trained.predict_probabilities(ASKED), atol=1e-6)
        other = TransformerClassifier.train(data, seed=2, options=quick)
        assert not np.array_equal(other.predict_probabilities(ASKED), trained.predict_probabilities(ASKED))

    def test_words_keep_the_vectors_they_came_with(self, trained, tiny_base):
        base, _ = encoder.from_pretrained(str(tiny_base))
        theirs, ours = (item.get_input_embeddings().weight for item in (base, trained.network.encoder))
        assert ours.equal(theirs)
        places = [item.embeddings.position_embeddings.weight for item in (base, trained.network.encoder)]
        assert not places[0].equal(places[1])

    def test_the_order_and_company_of_titles_play_no_part(self, trained, books):
        titles = books["title"].tolist()
        together = trained.predict_probabilities(titles)
        # Padding and 16-bit numbers round differently, by some thousandths.
        assert trained.predict_probabilities(titles[::-1])[::-1] == pytest.approx(together, abs=0.02)
        assert trained.predict_probabilities(titles[:1]) == pytest.approx(together[:1], abs=0.02)

    def test_no_titles(self, trained):
        assert trained.predict_probabilities([]).shape == (0, 3)

    def test_what_is_measured_reaches_the_chart(self, data, quick, make_books, as_data):
        seen = []
        held = as_data(make_books(30, seed=9, noise=0.0, start=9_000))
        watched = TrainingData(
            titles=data.titles, targets=data.targets, weights=data.weights, classes=data.classes, validation=held
        )
        created = TransformerClassifier.train(watched, seed=1, options=quick, observe=seen.append)
        losses = [item["loss"] for item in seen if "loss" in item]
        assert len(losses) == -(-150 // 16) * len([item for item in seen if "validation_loss" in item])
        assert losses[-1] < losses[0]
        validated = [item for item in seen if "validation_loss" in item]
        assert [item["epoch"] for item in validated] == list(range(1, len(validated) + 1))
        assert created.epochs in (validated[-1]["epoch"], validated[-1]["epoch"] - 1)
        assert validated[-1]["validation_accuracy"] > 0.8

    def test_it_stops_when_the_held_out_loss_rises(self, data, quick):
        # Labels of the held-out titles are lies: what is learned makes their loss rise from the second epoch on.
        lies = TrainingData(
            titles=data.titles[:40],
            targets=np.roll(data.targets[:40], 1, axis=1),
            weights=np.ones(40),
            classes=data.classes,
        )
        watched = TrainingData(
            titles=data.titles, targets=data.targets, weights=data.weights, classes=data.classes, validation=lies
        )
        seen = []
        created = TransformerClassifier.train(watched, seed=1, options={**quick, "epochs": 9}, observe=seen.append)
        validated = [item["validation_loss"] for item in seen if "validation_loss" in item]
        assert created.epochs == len(validated) - 1 < 8
        assert validated[-1] > min(validated)

    def test_a_rise_within_chance_does_not_stop_it(self):
        # Differences 1, −1, 1, −1 and a mean of 0.1: their standard error is 0.5.
        best = np.zeros(4)
        assert not _has_worsened(np.array([1.1, -0.9, 1.1, -0.9]), best)
        assert _has_worsened(np.array([0.4, 0.5, 0.6, 0.5]), best)
        assert not _has_worsened(-np.array([0.4, 0.5, 0.6, 0.5]), best)

    def test_too_much_confidence_is_no_loss(self):
        logits, weights = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), np.array([[1.0, 0], [0, 1.0], [0, 1.0]])
        # Two of three right: ln 2 to 1 at the best temperature, however sure the network is.
        expected = -(2 * np.log(2 / 3) + np.log(1 / 3)) / 3
        for sure in (1.0, 3.0, 6.0):
            assert _calibrated_losses(logits * sure, weights).mean() == pytest.approx(expected, abs=2e-3)

    def test_soft_labels_and_weights_count(self, data, quick):
        # Every title is there twice: once as it is, once with another class, of which little weight is put on the lie.
        lies = np.roll(data.targets, 1, axis=1)
        both = [*data.titles, *data.titles]
        targets = np.vstack([data.targets, lies])
        for truth_counts in (True, False):
            weights = np.concatenate([np.full(150, 0.9 if truth_counts else 0.05), np.full(150, 0.05)])
            if not truth_counts:
                weights[150:] = 0.9
            created = TransformerClassifier.train(
                TrainingData(titles=both, targets=targets, weights=weights, classes=data.classes),
                seed=0,
                options={**quick, "weak_limit": 10**6},
            )
            result = created.predict_probabilities(data.titles).argmax(axis=1)
            assert ((result == data.targets.argmax(axis=1)).mean() > 0.8) == truth_counts

    def test_only_so_many_weak_labels_in_proportion(self):
        targets = np.repeat(np.eye(2), [75, 25], axis=0)
        weak = TrainingData(
            titles=[str(i) for i in range(100)], targets=targets, weights=np.full(100, 0.7), classes=("a", "b")
        )
        people = TrainingData(titles=["p", "q"], targets=np.eye(2), weights=np.ones(2), classes=("a", "b"))
        joined = TrainingData(
            titles=[*people.titles, *weak.titles],
            targets=np.vstack([people.targets, weak.targets]),
            weights=np.concatenate([people.weights, weak.weights]),
            classes=("a", "b"),
        )
        smaller, text = stratified(joined, 40, seed=0)
        assert smaller.titles[:2] == ["p", "q"]
        assert smaller.targets[2:].sum(axis=0).tolist() == [30, 10]
        assert text == ("Of 100 labels by functions the language model learned from 40, drawn by class.",)
        assert stratified(joined, 100, seed=0) == (joined, ())

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"depth": 3}, "The kind 'transformer' has no option 'depth'. It has: base, epochs"),
            ({"epochs": 0}, "The option 'epochs' must be a whole number above 0; 0 came"),
            ({"learning_rate": "fast"}, "The option 'learning_rate' must be a number above 0; 'fast' came"),
            ({"base": "/no/such folder"}, "There is no folder '/no/such folder'"),
            ({"base": 3}, "The option 'base' must be a folder"),
        ],
    )
    def test_wrong_options(self, data, options, message):
        with pytest.raises(InputError, match=message):
            TransformerClassifier.train(data, options=options)

    def test_a_hub_that_cannot_be_reached(self, data):
        with pytest.raises(ModelError, match="could not be fetched from the Hugging Face Hub: there is no connection"):
            TransformerClassifier.train(data, options={"base": "nobody/no-such-model"})

    def test_the_package_with_the_weights_is_missing(self, data, monkeypatch):
        monkeypatch.setattr(language_models, "PACKAGE", "no_such_package")
        with pytest.raises(ModelError, match="MiniLM is not installed. Install it with .* give another with --base"):
            TransformerClassifier.train(data)


class TestGoingOn:
    """A training that was stopped ends with the same network as one that was not."""

    @pytest.mark.parametrize("after", [0.25, 0.6])
    def test_after_a_cancellation(self, trained, data, quick, tmp_path, after):
        items = []

        def stop(fraction, message):
            items.append(message)
            if fraction > after:
                raise Cancelled("Stopped")

        with pytest.raises(Cancelled):
            TransformerClassifier.train(data, seed=1, options=quick, progress=stop, checkpoints=tmp_path)
        seen = []
        created = TransformerClassifier.train(data, seed=1, options=quick, observe=seen.append, checkpoints=tmp_path)
        assert 0 < len(seen) < 80
        assert np.allclose(created.predict_probabilities(ASKED), trained.predict_probabilities(ASKED), atol=1e-6)
        assert created.epochs == trained.epochs

    def test_a_finished_training_is_not_done_again(self, data, quick, tmp_path):
        first = TransformerClassifier.train(data, seed=1, options=quick, checkpoints=tmp_path)
        seen = []
        again = TransformerClassifier.train(data, seed=1, options=quick, observe=seen.append, checkpoints=tmp_path)
        assert seen == []
        assert again.epochs == first.epochs == 8
        assert np.allclose(first.predict_probabilities(ASKED), again.predict_probabilities(ASKED), atol=1e-6)

    @pytest.mark.parametrize("change", [{"seed": 2}, {"options": {"epochs": 2}}, {"data": 0.5}])
    def test_another_training_begins_anew(self, data, quick, tmp_path, change):
        TransformerClassifier.train(data, seed=1, options={**quick, "epochs": 1}, checkpoints=tmp_path)
        other = TrainingData(
            titles=data.titles, targets=data.targets, weights=data.weights * change.get("data", 1), classes=data.classes
        )
        seen = []
        TransformerClassifier.train(
            other,
            seed=change.get("seed", 1),
            options={**quick, "epochs": 1, "weak_limit": 1000, **change.get("options", {})},
            observe=seen.append,
            checkpoints=tmp_path,
        )
        assert seen

    def test_a_checkpoint_that_was_cut_off_is_ignored(self, trained, data, quick, tmp_path):
        TransformerClassifier.train(data, seed=1, options=quick, checkpoints=tmp_path)
        (file,) = tmp_path.rglob("checkpoint.safetensors")
        file.write_bytes(file.read_bytes()[:1000])
        again = TransformerClassifier.train(data, seed=1, options=quick, checkpoints=tmp_path)
        assert np.allclose(again.predict_probabilities(ASKED), trained.predict_probabilities(ASKED), atol=1e-6)


class TestKeeping:
    def test_a_saved_classifier_is_the_same(self, trained, tmp_path):
        trained.save(tmp_path)
        read = TransformerClassifier.load(tmp_path)
        assert np.allclose(read.predict_probabilities(ASKED), trained.predict_probabilities(ASKED), atol=1e-6)
        assert (read.classes, read.epochs, read.sentences) == (trained.classes, trained.epochs, trained.sentences)
        assert {path.suffix for path in tmp_path.iterdir()} <= {".safetensors", ".onnx", ".json", ".txt"}

    def test_no_path_of_this_machine_is_kept(self, trained, tiny_base, tmp_path):
        trained.save(tmp_path)
        for path in tmp_path.glob("*.json"):
            assert str(tiny_base.parent) not in path.read_text()

    @pytest.mark.parametrize(
        ("file", "content", "message"),
        [
            ("classifier.json", "{}", "cannot be read"),
            ("classifier.json", '{"format": 9}', "has the format 9; this version reads 2"),
            ("head.safetensors", "no tensor", "cannot be read"),
            ("model.safetensors", "no tensor", "model.safetensors of the model in .* is damaged"),
            ("model.safetensors", None, "no weights in the safetensors format"),
        ],
    )
    def test_a_broken_file(self, trained, tmp_path, file, content, message):
        trained.save(tmp_path)
        if content is None:
            (tmp_path / file).unlink()
        else:
            (tmp_path / file).write_text(content)
        with pytest.raises(ModelError, match=message):
            TransformerClassifier.load(tmp_path)

    def test_code_that_comes_with_a_model_is_not_run(self, trained, tmp_path):
        trained.save(tmp_path)
        content = json.loads((tmp_path / "config.json").read_text())
        content |= {"model_type": "strange", "auto_map": {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}}
        (tmp_path / "config.json").write_text(json.dumps(content))
        (tmp_path / "evil.py").write_text(
            f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Config: ...\nclass Model: ...\n"
        )
        with pytest.raises(ModelError):
            TransformerClassifier.load(tmp_path)
        assert not (tmp_path / "ran").exists()


class TestFromElsewhere:
    def test_its_own_labels_in_our_order(self, finished):
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        created = load_pretrained(str(finished))
        assert created.classes == ("Fiction", "Non-fiction")
        tokens = AutoTokenizer.from_pretrained(finished)(ASKED[:1], return_tensors="pt")
        model = AutoModelForSequenceClassification.from_pretrained(finished).eval()
        with torch.inference_mode():
            theirs = model(tokens["input_ids"], tokens["attention_mask"]).logits.softmax(1).numpy()
        assert created.predict_probabilities(ASKED[:1]) == pytest.approx(theirs[:, ::-1], abs=1e-5)

    def test_as_a_model_of_the_workspace(self, finished, workspace, books):
        model = import_pretrained(workspace, str(finished), name="theirs")
        read = load(workspace, "theirs")
        assert read.fingerprint == model.fingerprint
        assert read.calibration.method == "none"
        result = with_known_titles(read, books, read.probabilities(books["title"].tolist()))
        assert result["predicted"].isin(["Fiction", "Non-fiction"]).all()
        assert (result["split"] == "").all()
        assert np.allclose(read.probabilities(ASKED[:2]), model.probabilities(ASKED[:2]), atol=1e-6)

    def test_an_encoder_is_no_classifier(self, tiny_base):
        with pytest.raises(ModelError, match="is an encoder and no finished classifier"):
            load_pretrained(str(tiny_base))

    def test_classes_need_names(self, finished, tmp_path):
        import shutil

        shutil.copytree(finished, tmp_path / "copy")
        content = json.loads((tmp_path / "copy" / "config.json").read_text())
        content["id2label"] = {"0": "Fiction", "1": "Fiction"}
        (tmp_path / "copy" / "config.json").write_text(json.dumps(content))
        with pytest.raises(ModelError, match="does not name two or more different classes"):
            load_pretrained(str(tmp_path / "copy"))

    def test_a_finished_classifier_can_be_trained_further(self, finished, data, quick):
        created = TransformerClassifier.train(data, options={**quick, "base": str(finished), "epochs": 1})
        assert created.classes == data.classes


class TestWhole:
    """With folds, calibration, registry, scoring and explanation."""

    def test_every_book_has_probabilities_of_a_classifier_that_had_not_seen_it(self, fitted, books, quick, as_data):
        training = fitted.training
        assert sorted(set(training["fold"])) == [0, 1]
        assert not np.isnan(fitted.uncalibrated).any()
        here = (training["fold"] == 0).to_numpy()
        held = here & (training["split"] == "calibration").to_numpy()
        data, validation = as_data(books[~here]), as_data(books[held])
        watched = TrainingData(
            titles=data.titles, targets=data.targets, weights=data.weights, classes=data.classes, validation=validation
        )
        others = TransformerClassifier.train(watched, seed=1, options=quick)
        assert fitted.uncalibrated[here] == pytest.approx(
            others.predict_probabilities(books.loc[here, "title"].tolist())
        )

    def test_the_number_of_epochs_comes_from_the_folds(self):
        class Watched:
            def __init__(self, epochs):
                self.epochs = epochs

        refit_options = TransformerClassifier.refit_options({"epochs": 5}, [Watched(2), Watched(3), Watched(4)])
        assert refit_options == {"epochs": 3}

    def test_a_title_that_is_too_long_is_counted(self, trained, data, quick):
        long = " ".join(["novel"] * 60)
        assert trained.is_truncated([long, "A novel", "x" * 47]).tolist() == [True, False, True]
        more = TrainingData(
            titles=[*data.titles, long],
            targets=np.vstack([data.targets, data.targets[:1]]),
            weights=np.ones(151),
            classes=data.classes,
        )
        created = TransformerClassifier.train(more, options={**quick, "epochs": 1})
        assert created.sentences == ("1 of the 151 titles learned from are longer than 48 tokens and were cut.",)

    def test_words_can_be_left_out(self, fitted, as_model):
        result = leave_one_word_out(as_model(fitted), "Travels in Persia")
        assert result.table["word"].tolist() == ["Travels", "in", "Persia"]
        assert np.isfinite(result.table["contribution"]).all()


def test_the_command_line_trains_and_predicts(workspace, books, tiny_base, monkeypatch, capsys, tmp_path):
    from core.cli import main
    from core.models import transformer

    monkeypatch.setattr(transformer, "DEFAULTS", {**transformer.DEFAULTS, "epochs": 2, "learning_rate": 3e-3})
    books.rename(columns={"record_id": "BL record ID", "title": "Title"})[["BL record ID", "Title", "label"]].to_csv(
        tmp_path / "labels.csv", index=False
    )
    place = ["--workspace", str(workspace.root), "--quiet", "--json"]
    assert main(["import", str(tmp_path / "labels.csv"), "--kind", "labels", "--name", "mine", *place]) == 0
    assert main(["import", str(tmp_path / "labels.csv"), "--kind", "corpus", "--name", "books", *place]) == 0
    capsys.readouterr()
    command = ["train", "--labels", "mine", "--model", "transformer", "--base", str(tiny_base), "--name", "small"]
    assert main([*command, *place]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["kind"] == "transformer"
    assert not list((workspace.root / "checkpoints").iterdir())
    assert main(["predict", "--model", "small", "--corpus", "books", *place]) == 0
    message = json.loads(capsys.readouterr().out)
    assert (message["rows"], message["held_out"]) == (150, 150)


class TestMachine:
    def test_titles_of_like_length_go_together(self):
        encoded = [[1] * length for length in (3, 9, 1, 8, 2)]
        batches = length_sorted(encoded, 2)
        assert [batch.tolist() for batch in batches] == [[1, 3], [0, 4], [2]]
        batch = padded(encoded, batches[1], 0)
        assert batch.tokens.tolist() == [[1, 1, 1], [1, 1, 0]]
        assert batch.mask.tolist() == [[1, 1, 1], [1, 1, 0]]

    def test_an_epoch_has_every_title_once(self):
        lengths = np.random.default_rng(0).integers(1, 60, 1_000)
        batches = epoch_batches(lengths, 32, np.random.default_rng(1))
        assert sorted(np.concatenate(batches).tolist()) == list(range(1_000))
        padding = sum(lengths[rows].max() * len(rows) for rows in batches) / lengths.sum()
        assert padding < 1.15

    def test_work_in_threads_keeps_its_order(self):
        assert list(runtime.in_threads(lambda x: x * x, range(50), "cpu")) == [x * x for x in range(50)]

    def test_work_in_threads_passes_errors_on(self):
        def fail(x):
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            list(runtime.in_threads(fail, [1, 2], "cpu"))

    def test_few_titles_are_shared_out_too(self, trained, books, monkeypatch):
        monkeypatch.setattr(encoder, "usable_cores", lambda: 2)
        sizes = []

        def forward(tokens, mask):
            sizes.append(len(tokens))
            return trained.network(tokens, mask)

        titles = books["title"].tolist()[:40]
        completed = encoder.run(forward, trained.tokens, titles, "cpu")
        assert sizes == [5] * 8
        whole = encoder.run(trained.network, trained.tokens, titles, "cpu", size=1)
        assert completed == pytest.approx(whole, abs=1e-4)

    def test_threads_that_wait_sleep(self):
        code = (
            "from core.models.runtime import load_torch; import os; load_torch(); print(os.environ['OMP_WAIT_POLICY'])"
        )
        unset = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
        completed = subprocess.run([sys.executable, "-c", code], env=unset, capture_output=True, text=True, check=True)
        assert completed.stdout.strip() == "PASSIVE"

    def test_torch_has_its_threads_back_after_reading_in_others(self):
        torch = runtime.load_torch()
        before = torch.get_num_threads()
        items = range(4 * runtime.usable_cores())
        seen = set(runtime.in_threads(lambda x: torch.get_num_threads(), items, "cpu"))
        assert seen == ({1} if runtime.usable_cores() > 1 else {before})
        assert torch.get_num_threads() == before

    def test_the_share_of_titles_whose_label_stays(self):
        exact = np.tile([0.6, 0.4], (1_000, 1))
        quick = exact.copy()
        quick[:2] = [0.4, 0.6]
        assert runtime.label_agreement(quick, exact) == pytest.approx(0.998)
        assert np.isnan(runtime.label_agreement(quick[:0], exact[:0]))
        titles = [f"title {i}" for i in range(5_000)]
        assert runtime.sample(titles) == runtime.sample(titles[::-1])
        assert len(runtime.sample(titles)) == 1_000

    def test_what_is_undecided_the_quick_way_is_read_again(self):
        items = []

        def wide(titles):
            items.extend(titles)
            return np.tile([0.4, 0.6, 0.0], (len(titles), 1))

        values = np.array([[0.5, 0.32, 0.18], [0.9, 0.1, 0.0], [0.4, 0.22, 0.38], [0.61, 0.39, 0.0]])
        again = runtime.rescore_uncertain(values.copy(), ["a", "b", "c", "d"], wide)
        assert items == ["a", "c"]
        np.testing.assert_array_equal(again[[1, 3]], values[[1, 3]])
        np.testing.assert_array_equal(again[[0, 2]], [[0.4, 0.6, 0.0]] * 2)
        assert runtime.rescore_uncertain(np.empty((0, 2)), [], wide).shape == (0, 2)

    def test_quick_forms_are_refused_where_labels_change(self, trained, data, monkeypatch):
        from core.models import transformer

        monkeypatch.setattr(transformer, "quick_forms", lambda network, device: iter([network]))
        monkeypatch.setattr(transformer, "label_agreement", lambda quick, exact: 0.998)
        created = copy.copy(trained)
        created.choose_form(data.titles)
        assert (created.quick, created.agreement, created.checked) == (None, 0.998, 150)
        monkeypatch.setattr(transformer, "label_agreement", lambda quick, exact: 0.999)
        created.choose_form(data.titles)
        assert created.quick is created.network


@pytest.mark.slow
def test_the_real_weights_know_words_that_were_never_labelled(as_data, tmp_path):
    import pandas as pd

    encoder.default_base()
    verse = ["Poems and songs", "Sonnets of love", "A ballad in six cantos", "Verses on several occasions", "An ode"]
    prose = ["A manual of chemistry", "Report on the drainage of towns", "A treatise on steam engines"]
    prose += ["Elements of geology", "The statistics of trade"]
    books = pd.DataFrame({"title": verse + prose, "label": ["Verse"] * 5 + ["Science"] * 5})
    options = {"epochs": 10, "batch_size": 4}
    created = TransformerClassifier.train(as_data(books), options=options)
    items = ["Lyrics and hymns, a poetical miscellany", "A handbook of botany and zoology"]
    result = created.predict_probabilities(items)
    assert np.array(created.classes)[result.argmax(axis=1)].tolist() == ["Verse", "Science"]
    created.save(tmp_path)
    assert np.allclose(TransformerClassifier.load(tmp_path).predict_probabilities(items), result, atol=1e-6)
    assert Calibration(method="none", classes=created.classes).apply(result) == pytest.approx(result)


def test_an_altered_weight_is_refused(finished, workspace):
    model = import_pretrained(workspace, str(finished), name="theirs")
    file = model.path / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelError, match="was altered after it was saved"):
        load_folder(model.path)
