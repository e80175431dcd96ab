"""What a first answer takes and no later one is done before anybody waits for it."""

import subprocess
import sys

import pytest

from tests.serving import ROOT

ASK = """
import sys, threading
import dashboard.cache.tables as facets
print("sklearn.linear_model" in sys.modules)
facets.begin_facets()
for thread in threading.enumerate():
    if thread.name == "facets":
        thread.join()
print("sklearn.linear_model" in sys.modules)
"""


@pytest.mark.slow
def test_what_learns_is_imported_beside_the_page() -> None:
    answer = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert answer.split() == ["False", "True"]
