"""A finished classifier from elsewhere as a model of the workspace."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from core.calibration import Calibration
from core.models import registry
from core.models.fitting import FOLD, LEARNED
from core.models.registry import Model
from core.models.transformer import load_pretrained
from core.progress import Progress, silent
from core.schema import ALTERNATE_ID, LABEL, RECORD_ID, SOURCE, SPLIT, TITLE, TITLE_KEY, probability_column
from core.storage import Workspace, slug

__all__ = [
    "import_pretrained",
]


def import_pretrained(
    workspace: Workspace, source: str, *, name: str | None = None, progress: Progress = silent
) -> Model:
    """Bring in a classifier from a folder or the Hugging Face Hub, as it is: nothing is trained or calibrated.

    What it learned from is not known, so that none of its predictions can be called held out.

    Raises
    ------
    InputError, ModelError
        See :func:`core.models.transformer.load_pretrained`.
    """
    progress(0.0, "Fetching the model")
    classifier = load_pretrained(source)
    progress(0.7, "Saving")
    texts = (RECORD_ID, ALTERNATE_ID, TITLE, TITLE_KEY, LABEL, SPLIT, SOURCE)
    training = pd.DataFrame({column: pd.Series([], dtype="str") for column in texts})
    training[FOLD], training[LEARNED] = np.array([], dtype=np.int64), np.array([], dtype=bool)
    for class_name in classifier.classes:
        training[probability_column(class_name)] = np.array([], dtype=float)
    sentences = (
        "It was trained elsewhere. What it learned from is not known here, so that predictions of books it may have"
        " learned from look better than they are, and its confidences are not calibrated.",
    )
    facts = {
        "labels": "",
        "labels_fingerprint": "",
        "invented": False,
        "base": classifier.base,
        "device": classifier.device,
        "calibration": "none",
        "sentences": list(sentences),
    }
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=workspace.root) as folder:
        return registry.save(
            workspace,
            slug(name or Path(source).name),
            classifier,
            Calibration(method="none", classes=classifier.classes),
            training=training,
            metrics={},
            facts=facts,
            scratch=Path(folder),
        )
