import io
import sys

import pytest

from core.cli import main, output
from core.storage import Workspace


@pytest.mark.slow
def test_the_line_is_gone_before_the_answer(
    demo_copy: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    order: list[str] = []

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            if text:
                order.append("cleared" if text == "\r\033[K" else "progress")
            return len(text)

    monkeypatch.setattr(sys, "stderr", Terminal())
    shown = output.print_result
    monkeypatch.setattr(output, "print_result", lambda *all, **how: (order.append("answer"), shown(*all, **how)))
    words = ["train", "--labels", "demo-annotated", "--name", "again", "--workspace", str(demo_copy.root)]
    assert main(words) == 0
    assert "progress" in order
    assert order[-2:] == ["cleared", "answer"]
