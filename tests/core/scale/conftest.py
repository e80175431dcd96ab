"""A model of invented titles, a workspace with a corpus for it, and a small cluster on this computer."""

import gc
import importlib.util
import secrets
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

WORDS = {
    "Fiction": ["A novel", "A tale", "Stories", "The heir", "A romance"],
    "Poetry": ["Poems", "Verses", "An ode", "Sonnets", "A lyric"],
    "Travel": ["Travels", "A tour", "Guide-book", "Voyage", "Rambles"],
}
# The least that Ray takes for handing things over.
SMALL = {"object_store_memory": 80 * 2**20}


def invented(n, seed):
    from core.normalise import title_key

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
    """The module ray, with a token of its own instead of one in the person's home."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is an extra: pip install -e '.[ray]'")
    from core.scale.ray_engine import load_ray

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RAY_AUTH_MODE", "token")
        patched.setenv("RAY_AUTH_TOKEN", secrets.token_hex(16))
        module = load_ray()
        # Whoever imports it first makes it look at the environment as it is then.
        module._raylet.Config.initialize("")
        yield module
    module._raylet.Config.initialize("")
    # What Ray leaves to the end of its processes shall not be found in the midst of another test.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


@pytest.fixture(scope="module")
def cluster(ray):
    """A cluster of one node with one core, in processes of this computer; see `node` for more."""
    from ray.cluster_utils import Cluster

    # Ray writes the address of a cluster where its default folder is, and does not make that for a folder of one's own.
    (Path(tempfile.gettempdir()) / "ray").mkdir(exist_ok=True)
    # Not in pytest's own folder: its name is too long for the sockets that Ray makes inside.
    folder = tempfile.mkdtemp(prefix="ray-")
    head = {"num_cpus": 1, "temp_dir": folder, **SMALL}
    try:
        cluster = Cluster(initialize_head=True, head_node_args=head)
    except Exception as error:
        # Ray gives a node 30 seconds, which a busy machine may need the first time its programs are read from disk.
        if "timed out during startup" not in str(error):
            raise
        cluster = Cluster(initialize_head=True, head_node_args=head)
    yield cluster
    cluster.shutdown()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def node(cluster):
    """Add nodes to the cluster for the time of a test."""
    added = []

    def add(**resources):
        added.append(cluster.add_node(**SMALL, **resources))
        return added[-1]

    yield add
    for item in added:
        if item in cluster.worker_nodes:
            cluster.remove_node(item)
