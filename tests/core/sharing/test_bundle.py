"""What may be in a parcel: names, numbers and sizes at their limits; which manifest of a zip is the one."""

import json
import zipfile
from pathlib import Path

import pytest

from core.errors import InputError
from core.sharing import bundle
from core.sharing.bundle import check_name, check_names, collect_folder, collect_zip, kind_of, unverified_manifest


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a/B.JSON", ".json"), ("data/LICENSE", "LICENSE"), ("SHA256SUMS", "SHA256SUMS"), ("x", ""), ("a.b/c", "")],
)
def test_what_kind_of_file_a_name_is_of(name: str, kind: str) -> None:
    assert kind_of(name) == kind


@pytest.mark.parametrize(
    "name",
    [
        "a.json",
        "bundle/SHA256SUMS",
        ".gitattributes",
        "x" * 115 + ".json",  # a part of 120 signs
        "/".join(["x" * 97, "y" * 97 + ".csv"])[-200:],  # 199 signs in all
    ],
)
def test_names_that_are_taken(name: str) -> None:
    assert check_name(name, "The zip") == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("x" * 116 + ".json", "a name that is not allowed"),  # 121 signs
        ("x" * 97 + "/" + "y" * 99 + ".csv", "a name that is not allowed"),  # 201 signs
        ("../a.json", "a name that is not allowed"),
        ("a/./b.json", "a name that is not allowed"),
        ("/a.json", "a name that is not allowed"),
        ("a//b.json", "a name that is not allowed"),
        (".env", "a hidden file"),
        ("a/.b/c.json", "a hidden file"),
        (" a.json", "a hidden file"),
        ("a.pkl", "of a kind that is not taken"),
        ("a", "of a kind that is not taken"),
    ],
)
def test_names_that_are_not_taken(name: str, why: str) -> None:
    with pytest.raises(InputError, match=rf"^The zip holds .*{why}"):
        check_name(name, "The zip")


def test_number_and_size_at_their_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "FILES_LIMIT", 3)
    monkeypatch.setattr(bundle, "UNPACKED_LIMIT", 100)
    check_names([("a.csv", 40), ("b.csv", 40), ("c.csv", 20)], "It")
    with pytest.raises(InputError, match="more than 3 files"):
        check_names([(f"{letter}.csv", 1) for letter in "abcd"], "It")
    with pytest.raises(InputError, match=r"more than 0\.0 GB"):
        check_names([("a.csv", 60), ("b.csv", 41)], "It")
    with pytest.raises(InputError, match="two files called 'A.csv'"):
        check_names([("a.csv", 1), ("A.csv", 1)], "It")
    with pytest.raises(InputError, match="It is empty"):
        check_names([], "It")


def packed(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("members", "arrived"),
    [
        ({"m/a.csv": "1", "m/b/c.csv": "2"}, ["a.csv", "b/c.csv"]),  # the folder around everything is taken off
        ({"bundle/a.csv": "1"}, ["bundle/a.csv"]),  # but this one says what is in it
        ({"m/a.csv": "1", "n/b.csv": "2"}, ["m/a.csv", "n/b.csv"]),
        ({"m/a.csv": "1", "b.csv": "2"}, ["b.csv", "m/a.csv"]),
        ({"a.csv": "1"}, ["a.csv"]),
    ],
)
def test_a_zip_and_the_folder_of_it_are_copied(members: dict[str, str], arrived: list[str], tmp_path: Path) -> None:
    target, again = tmp_path / "target", tmp_path / "again"
    target.mkdir()
    again.mkdir()
    steps: list[float] = []
    collect_zip(packed(tmp_path / "x.zip", **members), target, lambda share, _: steps.append(share))
    assert sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()) == arrived
    assert steps == [number / len(arrived) for number in range(len(arrived))]
    steps.clear()
    collect_folder(target, again, lambda share, _: steps.append(share))
    assert sorted(path.relative_to(again).as_posix() for path in again.rglob("*") if path.is_file()) == arrived
    assert steps == [number / len(arrived) for number in range(len(arrived))]


def test_a_zip_of_as_many_bytes_as_are_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "x.zip", **{"a.csv": "x" * 60, "b.csv": "y" * 40})
    for limit, taken in ((100, True), (99, False)):
        monkeypatch.setattr(bundle, "UNPACKED_LIMIT", limit)
        target = tmp_path / str(limit)
        target.mkdir()
        if taken:
            collect_zip(path, target)
            assert (target / "b.csv").read_text() == "y" * 40
        else:
            with pytest.raises(InputError):
                collect_zip(path, target)


@pytest.mark.parametrize(
    ("members", "taken"),
    [
        (["manifest.json"], True),
        (["export-1/manifest.json"], True),
        (["export-1/manifest.json", "export-1/data/manifest.json"], True),  # the second lies deeper: it is no rival
        (["export-1/data/manifest.json"], False),
        (["manifest.json", "export-1/manifest.json"], False),
        (["export-1/README.md"], False),
    ],
)
def test_the_manifest_of_a_bundle_lies_at_its_top(
    members: list[str], taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "parse_bundle_manifest", lambda content, origin: (content, origin))
    content = json.dumps({"export": 1})
    path = packed(tmp_path / "b.zip", **dict.fromkeys(members, content))
    if taken:
        assert unverified_manifest(path) == ({"export": 1}, "b.zip")
        monkeypatch.setattr(bundle, "MANIFEST_LIMIT", len(content))
        assert unverified_manifest(path)
        monkeypatch.setattr(bundle, "MANIFEST_LIMIT", len(content) - 1)
    with pytest.raises(InputError, match=r"b\.zip is no export bundle"):
        unverified_manifest(path)


@pytest.mark.parametrize("content", ["[]", '{"model": 1}', "{"])
def test_a_manifest_of_something_else_is_no_bundle(content: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"b\.zip (is no export bundle|cannot be read as a bundle)"):
        unverified_manifest(packed(tmp_path / "b.zip", **{"manifest.json": content}))
