from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.storage import Workspace
from dashboard import jobs


@pytest.fixture
def page(demo_copy: Workspace, open_page: Callable[[Workspace, str], AppTest]) -> AppTest:
    return open_page(demo_copy, "models.py")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    configs: list[dict[str, Any]] = []
    monkeypatch.setattr(jobs, "start_job", lambda module, config, title: configs.append({"job": module, **config}))
    return configs


def _chosen(page: AppTest, label: str) -> Any:
    return next(
        one for kind in ("selectbox", "multiselect", "text_input") for one in page.get(kind) if one.label == label
    )


def _train(page: AppTest) -> None:
    next(one for one in page.button if one.label == "Train").click().run()
    assert not page.exception


def test_the_plainest_training(page: AppTest, started: list[dict[str, Any]]) -> None:
    page.run()
    _chosen(page, "Learn from these labels").select("demo-annotated")
    _train(page)
    assert started == [
        {"job": "core.models.train", "labels": "demo-annotated", "kind": "tfidf", "seed": 0, "exclude": []}
    ]


def test_a_blend_of_three_from_another_language_model(page: AppTest, started: list[dict[str, Any]]) -> None:
    page.run()
    _chosen(page, "Learn from these labels").select("demo-annotated")
    _chosen(page, "Kind of model").select("blend")
    _chosen(page, "Members of a blend").select("transformer")
    _chosen(page, "Language model to start from").input(" somebody/encoder ")
    _train(page)
    assert started[0]["options"] == {"base": "somebody/encoder", "members": ["tfidf", "embedding", "transformer"]}
