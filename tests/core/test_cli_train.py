import json

import pytest

from core.cli import main
from core.models.registry import load
from core.storage import Workspace


@pytest.mark.slow
def test_a_blend_has_the_members_that_were_asked_for(demo_copy: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "--labels", "demo-annotated", "--model", "blend", "--members", "tfidf, tfidf", "--name", "two"]
    assert main([*words, "--workspace", str(demo_copy.root), "--quiet", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "blend"
    classifier = load(demo_copy, "two").classifier
    assert [item.kind for item in classifier.members] == ["tfidf", "tfidf"]


def test_members_are_for_blends(demo_copy: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "--labels", "demo-annotated", "--members", "tfidf,embedding", "--quiet"]
    assert main([*words, "--workspace", str(demo_copy.root)]) == 2
    assert "The kind 'tfidf' has no option 'members'" in capsys.readouterr().err
