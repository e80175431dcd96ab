"""Titles and classes that hold addresses: no page makes a link of them."""

import pandas as pd
import pytest
from playwright.sync_api import Page

from core.guarantees import SavedPolicy, save_policy
from core.importing import import_file
from core.predictions import load_predictions
from core.storage import Workspace
from core.thresholds import Policy
from tests import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CLASSES = ("www.class.example", "https://class.example/b")
TITLES = ("A novel http://evil.example/{}", "Poems www.evil.example/{}", "Write to a{}@evil.example", "=HYPERLINK({})")


def test_no_address_from_a_file_is_a_link(page: Page, chromium, tmp_path) -> None:
    rows = [
        {
            "record_id": f"{n:05d}",
            "title": TITLES[n % 4].format(n),
            "predicted": CLASSES[n % 2],
            "confidence": 0.5 + (n % 40) / 100,
            "truth": CLASSES[n % 2] if n % 7 else CLASSES[(n + 1) % 2],
        }
        for n in range(120)
    ]
    path = tmp_path / "p.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    workspace = Workspace(tmp_path / "workspace")
    import_file(workspace, path, "predictions", name="addresses")
    fingerprint = load_predictions(workspace, "addresses").fingerprint
    save_policy(workspace, fingerprint, SavedPolicy(policy=Policy(dict.fromkeys(CLASSES, 0.7))))
    with serving.dashboard(workspace.root, tmp_path / "server.log") as address:
        for name in ("errors", "thresholds", "review", "export", "label_audit", "home"):
            page.goto(f"{address}/{'' if name == 'home' else name}?predictions=addresses")
            serving.wait_until_settled(page)
            assert serving.exceptions_on(page) == []
            links = page.locator("a[href]").evaluate_all("all => all.map(one => one.href)")
            assert [link for link in links if not link.startswith(address)] == [], name
