"""What the server does once, or once in a while, so that a page need not do it at every move of a slider."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from typing import Any, Final

import altair as alt
from altair.utils import schemapi

__all__ = ["EVERY", "collect_garbage", "skip_chart_validation"]

EVERY: Final = 60.0  # seconds
_CHARTS: Final = (alt.Chart, alt.LayerChart, alt.ConcatChart, alt.HConcatChart, alt.VConcatChart, alt.FacetChart)


@contextlib.asynccontextmanager
async def collect_garbage(app: Any) -> AsyncIterator[dict[str, Any] | None]:
    """Collect garbage every minute while the server runs.

    Streamlit would do it after each run of a page (``runner.postScriptGC``), which costs a quarter of a second of
    processor time, as much as all the rest. Python collects by itself where many objects are made, but not where few
    large ones are: the tables of a page that was closed stand in circles with its session.
    """

    async def again_and_again() -> None:
        while True:
            await asyncio.sleep(EVERY)
            await asyncio.to_thread(gc.collect)

    task = asyncio.create_task(again_and_again())
    try:
        yield None
    finally:
        task.cancel()


def skip_chart_validation() -> None:
    """Draw charts without comparing each with Vega-Lite's schema first, which is a quarter of a slider's move.

    The schema finds mistakes of whoever writes a chart, not of data. The tests, in whose process this is not called,
    compare every chart.
    """
    schemapi.disable_debug_mode()
    for kind in _CHARTS:
        setattr(kind, "validate", classmethod(_skip_validation))  # noqa: B010 - to a type checker it is another method


def _skip_validation(cls: type, instance: Any, schema: Any = None) -> None:
    """Take the place of a chart's own ``validate``."""
