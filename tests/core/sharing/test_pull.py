import json
import os
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.demonstration import MODEL
from core.errors import ColophonError, InputError, NotFoundError
from core.manifests import sealed
from core.models.registry import load
from core.sharing import bundle
from core.sharing import pull as pull_module
from core.sharing.bundle import prepare_model
from core.sharing.pull import pull
from core.sharing.push import write_share_bundle
from core.storage import Workspace, file_sha256, read_json, write_json

pytestmark = pytest.mark.slow


def zipped(folder: Path, out: Path) -> Path:
    shutil.make_archive(str(out.with_suffix("")), "zip", folder)
    return out


def unzipped(path: Path, out: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(out)
    return next(out.iterdir())


def test_a_folder_and_a_zip_are_taken_and_say_the_same(
    demo_copy: Workspace, workspace: Workspace, model_folder: Path, tmp_path: Path
) -> None:
    first = pull(workspace, str(model_folder))
    assert first.name == "shared-model"
    packed = write_share_bundle(demo_copy, tmp_path / "shared.zip", model=MODEL)
    second = pull(workspace, str(packed), name="again")
    assert second.fingerprint == first.fingerprint
    titles = ["A romance", "Report of the committee"]
    assert load(workspace, "again").predict(titles).equals(load(demo_copy, MODEL).predict(titles))
    assert not list(workspace.root.glob(".pulling-*"))


def test_the_same_parcel_has_the_same_bytes(demo_copy: Workspace, bundle: Path, tmp_path: Path) -> None:
    item, two = (write_share_bundle(demo_copy, tmp_path / f"{i}.zip", bundle=bundle) for i in (1, 2))
    assert file_sha256(item) == file_sha256(two)


def test_a_bundle_as_it_was_exported_and_as_it_was_shared(
    demo_copy: Workspace, workspace: Workspace, bundle: Path, tmp_path: Path
) -> None:
    straight = pull(workspace, str(bundle))
    shared = pull(workspace, str(write_share_bundle(demo_copy, tmp_path / "s.zip", bundle=bundle)), name="shared")
    assert straight.fingerprint == shared.fingerprint
    assert (Path(straight.target) / "bundle" / "data" / "accepted.parquet").exists()


def test_paths_of_this_machine_do_not_leave_it(demo_copy: Workspace, tmp_path: Path) -> None:
    artifact = demo_copy.find("models", MODEL)
    manifest = dict(read_json(artifact.path / "manifest.json"))
    manifest["plan"]["options"] = {"base": str(tmp_path / "encoders" / "small")}
    write_json(artifact.path / "manifest.json", sealed(manifest))
    (tmp_path / "out").mkdir()
    prepare_model(demo_copy, MODEL, tmp_path / "out")
    assert read_json(tmp_path / "out" / "manifest.json")["plan"]["options"] == {"base": "small"}
    assert str(tmp_path) not in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", ["model.safetensors", "vocabulary.json", "metrics.json", "training.parquet"])
def test_an_altered_file_of_a_model_is_named(
    workspace: Workspace, model_folder: Path, nothing_changed: Callable[[], bool], file: str
) -> None:
    content = bytearray((model_folder / file).read_bytes())
    content[len(content) // 2] ^= 1
    (model_folder / file).write_bytes(bytes(content))
    with pytest.raises(ColophonError, match=f"{file} of the model .* was altered"):
        pull(workspace, str(model_folder))
    assert nothing_changed()


def test_an_altered_and_a_missing_file_of_a_bundle_are_named(
    workspace: Workspace, bundle: Path, nothing_changed: Callable[[], bool], tmp_path: Path
) -> None:
    folder = unzipped(bundle, tmp_path / "bundle-there")
    table = folder / "review" / "abstained.csv"
    table.write_bytes(table.read_bytes() + b"one,more\r\n")
    with pytest.raises(InputError, match=r"review/abstained\.csv of .* was altered"):
        pull(workspace, str(folder))
    table.unlink()
    with pytest.raises(InputError, match=r"incomplete: review/abstained\.csv is missing"):
        pull(workspace, str(folder))
    assert nothing_changed()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("extra.json", r"its list does not name: 'extra\.json'"),
        ("weights.bin", r"of a kind that is not taken: 'weights\.bin'"),
        ("model.pkl", r"of a kind that is not taken: 'model\.pkl'"),
        ("modeling.py", r"of a kind that is not taken: 'modeling\.py'"),
        (".env", r"a hidden file, '\.env'"),
        ("run me.txt ", "a name that is not allowed|hidden|kind"),
    ],
)
def test_a_file_that_does_not_belong_is_refused(
    workspace: Workspace, model_folder: Path, nothing_changed: Callable[[], bool], name: str, message: str
) -> None:
    (model_folder / name).write_bytes(b"{}")
    with pytest.raises(InputError, match=message):
        pull(workspace, str(model_folder))
    assert nothing_changed()


def test_a_bundle_with_one_file_more(workspace: Workspace, bundle: Path, tmp_path: Path) -> None:
    folder = unzipped(bundle, tmp_path / "bundle-there")
    (folder / "data" / "more.csv").write_text("a\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"its list does not name: 'data/more\.csv'"):
        pull(workspace, str(folder))


def test_links_are_refused_in_folders_and_in_zips(
    workspace: Workspace, model_folder: Path, nothing_changed: Callable[[], bool], tmp_path: Path
) -> None:
    (model_folder / "calibration.json").unlink()
    (model_folder / "calibration.json").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match=r"holds a link, 'calibration\.json'"):
        pull(workspace, str(model_folder))
    path = tmp_path / "linked.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("manifest.json")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/hostname")
    with pytest.raises(InputError, match=r"holds a link, 'manifest\.json'"):
        pull(workspace, str(path))
    assert nothing_changed()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this system's folders")
def test_a_pipe_in_a_folder_does_not_hold_us_up(workspace: Workspace, model_folder: Path) -> None:
    os.mkfifo(model_folder / "pipe.json")
    with pytest.raises(InputError, match=r"something that is no file, 'pipe\.json'"):
        pull(workspace, str(model_folder))


@pytest.mark.parametrize("name", ["../out.json", "/tmp/out.json", "a/../../out.json", "a\\..\\out.json", "C:/out.json"])
def test_ways_out_of_the_folder_are_refused(
    workspace: Workspace, tmp_path: Path, nothing_changed: Callable[[], bool], name: str
) -> None:
    path = tmp_path / "tricky.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", "{}")
        archive.writestr(name, "{}")
    with pytest.raises(InputError, match="a name that is not allowed"):
        pull(workspace, str(path))
    assert nothing_changed()
    assert not (tmp_path / "out.json").exists()


def test_a_manifest_that_points_out_of_the_folder(workspace: Workspace, model_folder: Path) -> None:
    manifest = dict(read_json(model_folder / "manifest.json"))
    manifest["files"]["../secret.json"] = "0" * 64
    write_json(model_folder / "manifest.json", manifest)
    with pytest.raises(InputError, match=r"a name that is not allowed: '\.\./secret\.json'"):
        pull(workspace, str(model_folder))


def test_a_zip_made_to_fill_a_disk(workspace: Workspace, tmp_path: Path, nothing_changed: Callable[[], bool]) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("manifest.json", b"\0" * 200_000_000)
    with pytest.raises(InputError, match="more than 300 times its size"):
        pull(workspace, str(path))
    assert nothing_changed()


def test_too_many_and_too_large(workspace: Workspace, model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as less:
        less.setattr(bundle, "FILES_LIMIT", 5)
        with pytest.raises(InputError, match="more than 5 files"):
            pull(workspace, str(model_folder))
    monkeypatch.setattr(bundle, "UNPACKED_LIMIT", 1_000)
    with pytest.raises(InputError, match=r"more than 0\.0 GB"):
        pull(workspace, str(model_folder))


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_table_that_would_not_fit_into_memory(
    workspace: Workspace, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "UNPACKED_LIMIT", _size_of(model_folder) + 1_000_000)
    repeated = pa.table({"title": ["A title that stands in every row of this table. " * 4] * 20_000})
    pq.write_table(repeated, model_folder / "training.parquet", use_dictionary=False, compression="zstd")
    with pytest.raises(ColophonError, match=r"training\.parquet of .* unpacks to more than is allowed"):
        pull(workspace, str(model_folder))


def test_a_parquet_file_that_is_none(workspace: Workspace, model_folder: Path) -> None:
    (model_folder / "training.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(ColophonError, match=r"training\.parquet of .* is no Parquet table"):
        pull(workspace, str(model_folder))


def test_two_files_that_are_one_on_some_systems(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "twins.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", "{}")
        archive.writestr("Manifest.json", "{}")
    with pytest.raises(InputError, match="two files called 'Manifest.json'"):
        pull(workspace, str(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged or packed in an unknown way"),
        (b"PK\x03\x04 and then nothing", "damaged or packed in an unknown way"),
    ],
)
def test_a_broken_zip(workspace: Workspace, tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "broken.zip"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        pull(workspace, str(path))


def test_neither_a_model_nor_a_bundle(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "something"
    folder.mkdir()
    with pytest.raises(InputError, match="is empty"):
        pull(workspace, str(folder))
    pq.write_table(pa.table({"a": [1]}), folder / "table.parquet")
    with pytest.raises(InputError, match="neither a model of Colophon"):
        pull(workspace, str(folder))
    (folder / "SHA256SUMS").write_text("not a sum\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 1 of SHA256SUMS is no checksum"):
        pull(workspace, str(folder))


@pytest.mark.parametrize("source", ["nowhere.zip", "./nowhere", "/nowhere/at all", "nowhere"])
def test_a_source_that_is_not_there(workspace: Workspace, source: str) -> None:
    with pytest.raises(NotFoundError, match="There is no file or folder"):
        pull(workspace, source)


def test_a_name_that_is_taken_is_not_taken_away(workspace: Workspace, bundle: Path, model_folder: Path) -> None:
    workspace.database.assign_name("models", "shared-model", "another")
    pulled = pull(workspace, str(model_folder))
    assert pulled.name == "shared-model-2"
    with pytest.raises(InputError, match="'shared-model' is the name of another model here"):
        pull(workspace, str(model_folder), name="shared-model")


def test_a_manifest_of_another_model_is_no_way_around_the_sums(workspace: Workspace, model_folder: Path) -> None:
    manifest = dict(read_json(model_folder / "manifest.json"))
    (model_folder / "metrics.json").write_text(json.dumps({"test": {}}), encoding="utf-8")
    manifest["files"]["metrics.json"] = file_sha256(model_folder / "metrics.json")
    write_json(model_folder / "manifest.json", manifest)
    with pytest.raises(ColophonError, match="manifest of the model .* was altered"):
        pull(workspace, str(model_folder))


def test_a_folder_straight_from_a_workspace_with_the_card_that_was_kept_there(
    demo_copy: Workspace, workspace: Workspace
) -> None:
    home = demo_copy.find("models", MODEL).path
    (home / "card").mkdir()
    (home / "card" / "README.md").write_text("# A card", encoding="utf-8")
    assert pull(workspace, str(home)).kind == "model"


def test_a_model_whose_figures_have_another_shape_is_not_taken(
    workspace: Workspace, model_folder: Path, nothing_changed: Callable[[], bool]
) -> None:
    """Every checksum fits, since whoever made it made them too: what pages read is checked for what it is."""
    from core.storage import digest, file_sha256

    write_json(model_folder / "metrics.json", {"test": {"n": 5, "accuracy": "splendid"}})
    manifest = dict(read_json(model_folder / "manifest.json"))
    manifest["files"] = {**manifest["files"], "metrics.json": file_sha256(model_folder / "metrics.json")}
    manifest["fingerprint"] = digest("model", manifest["model_kind"], manifest["classes"], manifest["files"])
    write_json(model_folder / "manifest.json", sealed(manifest))
    with pytest.raises(ColophonError, match=r"in its metrics\.json, 'test\.accuracy' is not what it should be"):
        pull(workspace, str(model_folder))
    assert nothing_changed()


@pytest.mark.parametrize("given", [True, False])
def test_what_arrives_lies_on_the_disk_of_the_workspace_or_where_a_job_says(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: bool
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    seen: list[Path] = []

    def collect(source: str, folder: Path, token: str, progress: object) -> tuple[str, str]:
        seen.append(folder.parent.parent)
        raise InputError("enough")

    monkeypatch.setattr(pull_module, "_collect_files", collect)
    with pytest.raises(InputError, match="enough"):
        pull(workspace, "library/genre", scratch=scratch if given else None)
    assert seen == [scratch if given else workspace.root]
    assert not list(seen[0].glob(".pulling-*"))


@pytest.mark.parametrize(
    ("source", "tried"),
    [
        ("library/genre", [("library/genre", "model"), ("library/genre", "dataset")]),
        ("datasets/library/genre", [("library/genre", "dataset")]),
        ("https://hub.example/datasets/library/genre", [("library/genre", "dataset")]),
        ("https://hub.example/library/genre", [("library/genre", "model"), ("library/genre", "dataset")]),
        ("genre", []),
        ("library/genre/more", []),
        ("./genre", []),
        ("~/genre", []),
        ("library/genre.zip", []),
    ],
)
def test_where_a_name_is_looked_for(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, source: str, tried: list[tuple[str, str]]
) -> None:
    seen: list[tuple[str, str]] = []
    monkeypatch.setattr(
        pull_module, "download_repository", lambda name, kind, folder, *, token, progress: seen.append((name, kind))
    )
    with pytest.raises(NotFoundError):
        pull(workspace, source)
    assert seen == tried


def test_a_name_that_was_asked_for_is_never_turned_into_another(workspace: Workspace) -> None:
    names = {"genre": "one", "mine": "two"}
    place = SimpleNamespace(
        database=SimpleNamespace(names=lambda kind: names), free_name=lambda kind, wanted: f"{wanted}-2"
    )
    unused = pull_module._unused_name
    assert unused(place, "models", "one", None, "genre") == "genre"  # it is the very model
    assert unused(place, "models", "new", None, "genre") == "genre-2"
    assert unused(place, "models", "new", "other", "genre") == "other"
    with pytest.raises(InputError, match="'mine' is the name of another model here"):
        unused(place, "models", "new", "mine", "genre")
