"""What the server does once or once a minute: garbage is collected, and charts come out the same without a check."""

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor

import altair as alt
import pandas as pd
import pytest
from altair.utils import schemapi

from dashboard import housekeeping


def _chart() -> alt.LayerChart:
    table = pd.DataFrame({"cut": [0.5, 0.9], "coverage": [1.0, 0.4]})
    line = alt.Chart(table).mark_line().encode(x="cut:Q", y=alt.Y("coverage:Q", title="share accepted"))
    return line + alt.Chart(table).mark_point().encode(x="cut:Q", y="coverage:Q")


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """What trust_charts does, taken back after the test."""
    monkeypatch.setattr(schemapi, "DEBUG_MODE", True)
    for kind in housekeeping._CHARTS:
        monkeypatch.setattr(kind, "validate", kind.validate)
    housekeeping.skip_chart_validation()


def test_a_chart_is_checked_in_the_tests() -> None:
    with pytest.raises(schemapi.SchemaValidationError):
        alt.Chart(pd.DataFrame()).mark_line().encode(x=alt.X("cut:Q", axis=3)).to_dict()


def test_a_chart_is_the_same_without_the_check(request: pytest.FixtureRequest) -> None:
    checked = _chart().to_dict()
    request.getfixturevalue("trusting")
    assert not schemapi.DEBUG_MODE
    assert _chart().to_dict() == checked


def test_garbage_is_collected_while_the_server_runs_and_not_after(monkeypatch: pytest.MonkeyPatch) -> None:
    collected = []
    monkeypatch.setattr(housekeeping, "EVERY", 0.01)
    monkeypatch.setattr(gc, "collect", lambda: collected.append(1))

    async def run() -> int:
        async with housekeeping.collect_garbage(None):
            while len(collected) < 3:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        ended = len(collected)
        await asyncio.sleep(0.1)
        return len(collected) - ended

    # In a thread: a browser test of the same process keeps a loop of its own running in this one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: asyncio.run(run())).result(timeout=60) == 0
