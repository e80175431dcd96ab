from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.label_audit import (
    LabelAudit,
    Memberships,
    audit_labels,
    audit_table,
    audited_copy,
    choose_audited_copy,
    exclude_labels,
    excluded_ids,
    expected_false_alarms,
    find_suspect_groups,
    group_rates,
    memberships,
    rank_labels,
    save_verdict,
    threshold_for,
)
from core.labels import load_labels
from core.schema import RECORDS_COLUMNS
from core.storage import Workspace
from core.wording.evaluation import audit_sentences, group_finding
from data.demonstration import generate

TITLES = {
    "Drama": [
        "Hamlet, a tragedy",
        "The rivals, a comedy",
        "A farce in two acts",
        "Cato, a tragedy",
        "A comedy in five acts",
    ],
    "Novel": ["The heir, a novel", "A novel of the sea", "Her secret, a novel", "The orphan, a novel", "Love, a novel"],
    "Travel": ["A tour in Wales", "Travels in Persia", "A tour in Spain", "Travels in Egypt", "A tour of the lakes"],
}


def _books(rows: list[tuple[str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(dict.fromkeys(RECORDS_COLUMNS, ""), index=range(len(rows)))
    return frame.assign(
        record_id=[str(number) for number in range(len(rows))],
        title=[title for title, _ in rows],
        title_key=[title.lower() for title, _ in rows],
        label=[label for _, label in rows],
        language="English",
        source="person",
    )


def _annotations(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    columns = ["record_id", "label_given", "annotator", "created_at"]
    return pd.DataFrame(rows, columns=columns, dtype="str").assign(note="", line=2)


def _groups(**masks: list[bool]) -> Memberships:
    content = {tuple(name.split("_")): np.array(mask) for name, mask in masks.items()}
    return Memberships(content, {})  # type: ignore[arg-type]


def _blocks(*blocks: tuple[int, int, str]) -> tuple[np.ndarray, Memberships]:
    """Make books in blocks of (n, suspects, 'annotator language')."""
    suspect = np.concatenate([np.arange(n) < k for n, k, _ in blocks])
    who = np.concatenate([np.full(n, names) for n, _, names in blocks])
    members = {}
    for place, by in enumerate(("annotator", "language")):
        values = np.array([names.split()[place] for names in who])
        members |= {(by, value): values == value for value in np.unique(values)}
    return suspect, Memberships(members, {})


@pytest.fixture(scope="module")
def audit(demo_workspace: Workspace) -> LabelAudit:
    return audit_labels(load_labels(demo_workspace, "demo-annotated"))


def test_the_cut_keeps_the_rate_of_false_alarm_and_is_the_lowest_that_does() -> None:
    items = [[0.95, 0.05], [0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]
    assert threshold_for(items, 0.15 / 4 + 1e-9) == pytest.approx(0.9)
    assert expected_false_alarms(items, 0.9) == pytest.approx(0.15)
    assert expected_false_alarms(items, 0.8) == pytest.approx(0.35)
    assert threshold_for(items, 0.05 / 4 - 1e-9) == 1.0


def test_equal_probabilities_stand_or_fall_together() -> None:
    assert threshold_for([[0.9, 0.1], [0.9, 0.1], [0.95, 0.05]], 0.16 / 3) == pytest.approx(0.95)


@pytest.mark.parametrize("rate", [0.0, 1.0, float("nan")])
def test_what_is_no_rate_is_refused(rate: float) -> None:
    with pytest.raises(InputError, match=r"A rate of false alarm lies between 0 and 1 \(3 per cent is 0\.03\)"):
        threshold_for([[0.5, 0.5]], rate)


def test_the_likeliest_class_is_never_suspect() -> None:
    score, suggested, suspect = rank_labels([[0.4, 0.35, 0.25], [0.4, 0.35, 0.25]], [0, 2], cut=0.5)
    assert score.tolist() == pytest.approx([0.6, 0.75])
    assert suggested.tolist() == [0, 0]
    assert suspect.tolist() == [False, True]


def test_a_book_counts_once_for_each_annotator_who_gave_its_label() -> None:
    books = _books([("a", "Drama"), ("b", "Novel")])
    rows = _annotations(
        ("0", "drama", "7", "2020-07-01 10:00"),
        ("0", "Drama", "7", "2020-08-01 10:00"),
        ("0", "Drama", "8", "2020-08-02 10:00"),
        ("0", "Novel", "9", "2020-09-01 10:00"),
        ("1", "Novel", "", "soon"),
        ("2", "Novel", "10", "2020-09-01"),
    )
    result = memberships(books, rows)
    assert {group: mask.tolist() for group, mask in result.members.items()} == {
        ("annotator", "7"): [True, False],
        ("annotator", "8"): [True, False],
        ("annotator", "no annotator named"): [False, True],
        ("month", "2020-07"): [True, False],
        ("month", "2020-08"): [True, False],
        ("month", "no date"): [False, True],
    }
    assert result.several == {"annotator": 1, "month": 1}


def test_rates_of_groups_by_hand() -> None:
    suspect, groups = _blocks((20, 10, "a x"), (80, 8, "b x"), (5, 5, "c x"))
    table = group_rates(groups, suspect, np.zeros(105, dtype=np.int64)).set_index("value")
    assert table.loc["a", ["n", "suspects", "suspect_rate"]].tolist() == [20, 10, 0.5]
    assert table.loc["a", "ratio"] == pytest.approx(0.5 / (13 / 85))
    assert table.loc["c", ["n", "suspects"]].tolist() == [5, 5]
    assert table.loc["c", ["suspect_rate", "low", "ratio", "p", "p_adjusted"]].isna().all()


def test_a_group_with_other_labels_than_the_rest_is_not_out_of_line_for_that() -> None:
    labels = np.repeat([0, 0, 1], [100, 100, 400])
    suspect = np.concatenate([np.arange(100) < 20, np.arange(100) < 20, np.arange(400) < 4])
    groups = _groups(annotator_a=(np.arange(600) < 100).tolist())
    row = group_rates(groups, suspect, labels).iloc[0]
    assert row["ratio"] > 4
    assert row["adjusted_ratio"] == pytest.approx(1.0)
    assert row["p"] > 0.5


def test_a_language_is_explained_by_its_careless_annotator() -> None:
    suspect, groups = _blocks((60, 20, "a Dutch"), (60, 15, "a English"), (200, 4, "b Dutch"), (700, 14, "c English"))
    labels = np.zeros(len(suspect), dtype=np.int64)
    result = find_suspect_groups(group_rates(groups, suspect, labels), groups, suspect, labels)
    assert [(item.value, item.status) for item in result] == [("a", "stands"), ("Dutch", "explained")]
    assert group_finding(result[0]) == "Annotator a: 35 of 120 labels look wrong, 14.6 times the rest."
    assert group_finding(result[1]).endswith(
        "They come from annotator a: outside, 4 of 200 look wrong, no more than elsewhere."
    )
    assert not result[1].flagged


def test_an_annotator_is_explained_by_a_hard_language() -> None:
    suspect, groups = _blocks((80, 20, "a Dutch"), (80, 2, "a English"), (80, 20, "b Dutch"), (700, 14, "c English"))
    labels = np.zeros(len(suspect), dtype=np.int64)
    result = find_suspect_groups(group_rates(groups, suspect, labels), groups, suspect, labels)
    assert {item.value: item.status for item in result} == {"Dutch": "stands", "a": "explained", "b": "explained"}


def test_what_nobody_else_annotated_cannot_be_told_apart() -> None:
    suspect, groups = _blocks((300, 30, "a Dutch"), (200, 2, "a English"), (700, 7, "b English"), (1, 0, "b Dutch"))
    labels = np.zeros(len(suspect), dtype=np.int64)
    result = find_suspect_groups(group_rates(groups, suspect, labels), groups, suspect, labels)
    assert [(item.value, item.status) for item in result] == [("a", "together"), ("Dutch", "together")]
    assert "outside it 2 of 200" in group_finding(result[0])
    assert all("cannot be told apart" in group_finding(item) for item in result)


@pytest.mark.slow
def test_the_careless_annotator_is_pointed_at_and_no_other(audit: LabelAudit) -> None:
    careless = generate().planted["careless annotator"].value
    assert [(item.by, item.value) for item in audit.flagged] == [("annotator", careless)]
    assert audit_sentences(audit)[0].startswith(f"Annotator {careless.removesuffix('.0')}: ")
    assert ("language", "Dutch", "explained") in {(item.by, item.value, item.status) for item in audit.findings}


@pytest.mark.slow
def test_false_alarms_are_no_more_than_stated_and_the_list_is_no_worse_than_cleanlab(audit: LabelAudit) -> None:
    from cleanlab.filter import find_label_issues

    truth = generate().truth.reindex(audit.books["record_id"]).to_numpy()
    wrong = audit.books["given"].to_numpy() != truth
    suspect = audit.books["suspect"].to_numpy()
    assert suspect[~wrong].mean() <= audit.false_alarm
    codes = pd.Index(audit.classes).get_indexer(audit.books["given"])
    # in this process: a fork beside a running browser or server can wait for ever, and keeps its pipes open
    order = find_label_issues(
        codes, audit.out_of_fold.probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
    )
    first = min(len(order), int(suspect.sum()))
    mine = np.argsort(-audit.books["score"].to_numpy(), kind="stable")[:first]
    assert wrong[mine].sum() >= wrong[order[:first]].sum()
    assert wrong[suspect].mean() > 0.5


@pytest.mark.slow
def test_shuffled_annotators_are_pointed_at_no_more_often_than_stated(audit: LabelAudit) -> None:
    suspect = audit.books["suspect"].to_numpy()
    labels = pd.Index(audit.classes).get_indexer(audit.books["given"]).astype(np.int64)
    masks = {group: mask for group, mask in audit.members.members.items() if group[0] == "annotator"}
    generator = np.random.default_rng(20260101)
    alarms = 0
    for _ in range(200):
        order = generator.permutation(len(labels))
        table = group_rates(Memberships({group: mask[order] for group, mask in masks.items()}, {}), suspect, labels)
        alarms += bool((table["p_adjusted"] <= 0.05).any())
    # 19 or more of 200 would be seen once in a hundred times if the rate were 0.05.
    assert alarms <= 18


def test_words_speak_against_the_label(audit: LabelAudit) -> None:
    table = audit.suspects(limit=20)
    assert (table["words_against"] != "").all()
    assert table["score"].is_monotonic_decreasing
    only = audit.suspects(("annotator", "7.0"))
    assert only["annotator"].str.split("; ").map(lambda names: "7.0" in names).all()


def test_as_json(audit: LabelAudit) -> None:
    content = audit.as_dict()
    assert {"record_id", "title", "given", "suggested", "score"} <= set(content["suspects"][0])
    assert {"by", "value", "n", "suspect_rate", "low", "high"} <= set(content["groups"][0])
    assert content["pointed_at"] == [{"by": "annotator", "value": "7.0"}]


def test_three_classes_a_rare_one_and_no_annotators() -> None:
    rows = [(f"{title} {number}", label) for label, titles in TITLES.items() for title in titles for number in range(4)]
    rows[0] = ("A tour in Wales 9", "Drama")
    books = _books([*rows, ("A sermon", "Sermon")])
    annotations = _annotations(*((str(i), label, "", "") for i, (_, label) in enumerate([*rows, ("", "Sermon")])))
    table = audit_table(books, annotations, false_alarm=0.1)
    assert table.classes == ("Drama", "Novel", "Travel")
    first = table.suspects().iloc[0]
    assert (first["record_id"], first["given"], first["suggested"]) == ("0", "Drama", "Travel")
    assert table.groups.empty
    assert table.findings == ()
    assert any("1 books are left out: fewer than 5 titles are Sermon" in note for note in table.notes)
    assert any("cannot be compared by annotator or language or month" in note for note in table.notes)


def test_one_class_cannot_be_audited() -> None:
    books = _books([(title, "Novel") for title in TITLES["Novel"]])
    with pytest.raises(InputError, match="Labels can be audited where at least two classes have 5 titles each"):
        audit_table(books, _annotations(*((str(i), "Novel", "1", "") for i in range(5))))


@pytest.fixture(scope="module")
def audited(demo_workspace: Workspace) -> LabelAudit:
    return audit_labels(load_labels(demo_workspace, "demo-annotated"))


class TestLeaveOut:
    def test_a_group_has_no_label_in_the_copy_and_all_of_them_in_the_old_set(self, demo_copy, audited):
        labels = load_labels(demo_copy, "demo-annotated")
        before = labels.table()
        text = labels.annotations().groupby("record_id")["annotator"].agg(set)
        alone = before["record_id"].map(text).map(lambda names: names == {"7.0"})
        theirs = alone & (before["label"] != "")
        copy = load_labels(demo_copy, exclude_labels(demo_copy, labels, audited, groups=[("annotator", "7.0")]).name)
        after = copy.table()
        assert copy.name == "demo-annotated-audited"
        assert (after.loc[theirs, "label"] == "").all()
        assert after.loc[~theirs, "label"].equals(before.loc[~theirs, "label"])
        assert after.drop(columns="label").equals(before.drop(columns="label"))
        assert copy.annotations().equals(labels.annotations())
        assert labels.table().equals(before)
        left = copy.manifest.left_out
        assert (left["labels"], left["of"], left["groups"]) == (
            int(theirs.sum()), labels.fingerprint, [["annotator", "7.0"]],
        )  # fmt: skip
        assert copy.manifest.summary["classes"] == after.loc[after["label"] != "", "label"].value_counts().to_dict()
        assert f"{theirs.sum()} of the {(before['label'] != '').sum():,} labels" in copy.manifest.warnings[-1]

    def test_a_label_that_somebody_else_gave_too_stays(self):
        books = pd.DataFrame({"record_id": ["1", "2", "3"], "suspect": False})
        members = _groups(
            annotator_A=[True, True, False], annotator_B=[False, True, True], month_May=[True, False, False]
        )
        audit = SimpleNamespace(books=books, members=members)
        assert excluded_ids(audit, [("annotator", "A")], False) == {"1"}
        assert excluded_ids(audit, [("annotator", "A"), ("annotator", "B")], False) == {"1", "2", "3"}
        assert excluded_ids(audit, [("month", "May"), ("annotator", "B")], False) == {"1", "3"}

    def test_an_annotator_is_known_by_the_number_that_is_shown(self):
        books = pd.DataFrame({"record_id": ["1", "2"], "suspect": False})
        members = Memberships(
            {("annotator", "7.0"): np.array([True, False]), ("annotator", "8"): np.array([False, True])}, {}
        )
        audit = SimpleNamespace(books=books, members=members)
        assert (
            excluded_ids(audit, [("annotator", "7")], False)
            == excluded_ids(audit, [("annotator", "7.0")], False)
            == {"1"}
        )
        assert excluded_ids(audit, [("annotator", "8")], False) == {"2"}

    def test_suspects_are_left_out_by_book(self, demo_copy, audited):
        labels = load_labels(demo_copy, "demo-annotated")
        copy = load_labels(demo_copy, exclude_labels(demo_copy, labels, audited, suspects=True, name="Sure ones").name)
        assert copy.name == "sure-ones"
        gone = set(labels.training_table()["record_id"]) - set(copy.training_table()["record_id"])
        assert gone == set(audited.suspects()["record_id"])

    def test_what_cannot_be_left_out_is_said(self, demo_copy, audited):
        labels = load_labels(demo_copy, "demo-annotated")
        with pytest.raises(InputError, match=r"no labels of annotator=99\. There are: annotator="):
            exclude_labels(demo_copy, labels, audited, groups=[("annotator", "99")])
        with pytest.raises(InputError, match="No label is to be left out"):
            exclude_labels(demo_copy, labels, audited)
        everybody = [group for group in audited.members.members if group[0] == "annotator"]
        with pytest.raises(InputError, match="only nothing would be left"):
            exclude_labels(demo_copy, labels, audited, groups=everybody)


def test_what_an_audit_points_at_is_remembered_once_and_its_copy_is_found(
    demo_copy: Workspace, audit: LabelAudit
) -> None:
    labels = demo_copy.find("labels", "demo-annotated")
    assert audited_copy(demo_copy, labels) is None
    save_verdict(demo_copy, labels, audit)
    save_verdict(demo_copy, labels, audit)
    assert len(demo_copy.database.read("label_audit", labels.fingerprint)) == 1
    wanted = audited_copy(demo_copy, labels)
    assert wanted is not None
    gone = excluded_ids(audit, [("annotator", "7.0")], suspects=False)
    assert (wanted.annotator, wanted.n_left_out, wanted.copy) == ("7.0", len(gone), "")
    # Another copy, without the suspects too, is not what is offered.
    exclude_labels(
        demo_copy,
        load_labels(demo_copy, labels.name),
        audit,
        groups=[("annotator", "7.0")],
        suspects=True,
        name="other",
    )
    assert audited_copy(demo_copy, labels) == wanted
    name = choose_audited_copy(demo_copy, wanted, lambda *_: audit)
    again = audited_copy(demo_copy, labels)
    assert again is not None
    assert again.copy == name == choose_audited_copy(demo_copy, again)
    assert audited_copy(demo_copy, demo_copy.find("labels", name)) is None


def test_an_audit_that_points_at_several_or_nobody_offers_nothing(demo_copy: Workspace, audit: LabelAudit) -> None:
    labels = demo_copy.find("labels", "demo-annotated")
    finding = next(item for item in audit.findings if item.by == "annotator")
    save_verdict(demo_copy, labels, audit)
    save_verdict(demo_copy, labels, replace(audit, findings=(finding, replace(finding, value="3.0"))))
    assert audited_copy(demo_copy, labels) is None
    save_verdict(demo_copy, labels, replace(audit, findings=()))
    assert audited_copy(demo_copy, labels) is None
