"""Which encoder a card names: one of the Hub, never a folder of this machine."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from core.sharing.cards import _base_model


@pytest.mark.parametrize(
    ("base", "named"),
    [
        ("library/encoder", "library/encoder"),
        ("encoder", None),
        ("a/b/c", None),
        ("/srv/encoder", None),
        ("./encoder", None),
        ("~/encoder", None),
        ("", None),
        (None, None),
    ],
)
def test_only_a_name_on_the_hub_is_told(base: str | None, named: str | None) -> None:
    manifest = SimpleNamespace(plan=SimpleNamespace(options={"base": base}))
    assert _base_model(manifest) == named  # type: ignore[arg-type]
    assert _base_model(SimpleNamespace(plan=None)) is None  # type: ignore[arg-type]


def test_a_folder_that_looks_like_a_name_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "library" / "encoder").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    manifest = SimpleNamespace(plan=SimpleNamespace(options={"base": "library/encoder"}))
    assert _base_model(manifest) is None  # type: ignore[arg-type]
