"""A model of invented titles, a workspace with a corpus for it, and a small cluster on this computer."""

import importlib.util

import numpy as np
import pandas as pd
import pytest

WORDS = {
    "Fiction": ["A novel", "A tale", "Stories", "The heir", "A romance"],
    "Poetry": ["Poems", "Verses", "An ode", "Sonnets", "A lyric"],
    "Travel": ["Travels", "A tour", "Guide-book", "Voyage", "Rambles"],
}


def invented(n, seed):
    from core.normalise.titles import title_key

    generator = np.random.default_rng(seed)
    labels = [list(WORDS)[i % 3] for i in range(n)]
    titles = [f"{generator.choice(WORDS[label])} of No. {seed}{i}, «é»" for i, label in enumerate(labels)]
    frame = pd.DataFrame({"record_id": [f"{seed}-{i:06d}" for i in range(n)], "title": titles, "label": labels})
    frame["alternate_id"] = ""
    frame["title_key"] = frame["title"].map(title_key)
    return frame.astype("str")


@pytest.fixture(scope="session")
def fitted():
    from core.models.fitting import Plan, fit

    return fit(invented(150, 1), Plan(seed=1))


@pytest.fixture
def library(workspace, fitted, tmp_path):
    """The model 'genres' and the corpus 'collection': 3,000 records, 1,000 titles of them twice, one blank."""
    from core.importing import import_file
    from core.models.registry import save

    save(
        workspace,
        "genres",
        fitted.classifier,
        fitted.calibration,
        training=fitted.training,
        metrics={},
        facts={},
        scratch=tmp_path,
    )
    records = invented(3000, 2)
    records.loc[2000:, "title"] = records["title"].iloc[:1000].to_numpy()
    records.loc[7, "title"] = ""
    path = tmp_path / "collection.csv"
    records[["record_id", "title"]].to_csv(path, index=False)
    import_file(workspace, path, "corpus", name="collection", overrides=["record_id=record_id", "title=title"])
    return workspace


@pytest.fixture(scope="module")
def ray():
    """The module ray; what it says of its own old habits is none of our business."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is an extra: pip install 'colophon[ray]'")
    from core.scale.ray_engine import load_ray

    return load_ray()


@pytest.fixture
def two_nodes(ray):
    """A cluster of two nodes with two cores each, in processes of this computer."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "object_store_memory": 2**27})
    cluster.second = cluster.add_node(num_cpus=2, object_store_memory=2**27)
    yield cluster
    cluster.shutdown()
