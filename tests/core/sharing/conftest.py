import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest

from core.cli import main
from core.demonstration import MODEL, PREDICTIONS
from core.storage import Workspace
from tests.core.sharing import hub_stand_in
from tests.core.sharing.hub_stand_in import Hub


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A stand-in for the Hub; the library's own protocol for large files needs more than a stand-in, so it is off."""
    with hub_stand_in.running() as created:
        monkeypatch.setenv("HF_ENDPOINT", created.address)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield created


@pytest.fixture(scope="session")
def bundle(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of the demonstration, made in a copy of it, since the workspace notes what was exported."""
    folder = tmp_path_factory.mktemp("bundle")
    copy, out = shutil.copytree(demo_workspace.root, folder / "workspace"), folder / "accepted.zip"
    texts = ["--predictions", PREDICTIONS, "--labels", "demo-test", "--cut", "Fiction=.9", "--cut", "Non-fiction=.9"]
    status = main(["--workspace", str(copy), "--quiet", "export", *texts, "--format", "parquet", "--out", str(out)])
    assert status == 0
    return out


@pytest.fixture
def model_folder(demo_workspace: Workspace, tmp_path: Path) -> Path:
    """The demonstration's model as it would be shared."""
    from core.sharing.bundle import prepare_model

    folder = tmp_path / "shared-model"
    folder.mkdir()
    prepare_model(demo_workspace, MODEL, folder)
    return folder


@pytest.fixture
def nothing_changed(workspace: Workspace) -> Callable[[], bool]:
    """Say whether a workspace is still empty but for its database."""
    return lambda: (
        not any(workspace.list(kind) for kind in ("models", "exports"))
        and not [
            path
            for path in workspace.root.rglob("*")
            if path.is_file() and not path.name.startswith("colophon.db") and path.name != "workspace.json"
        ]
    )
