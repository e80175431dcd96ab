import os
import sys

import numpy as np
import pytest

from core.errors import Cancelled, InputError
from core.models.scoring import predict_corpus
from core.scale import MAX_SHARD, MIN_SHARD, ProgressMeter, StoredTexts, remove_old_shards, score_locally, shards_of
from core.scale.ray_engine import Pool, plan_pool

TITLES = ["a", "bb", "ccc", "dddd", "«é», 4to\n", ""]
COLUMNS = ["p_x", "p_y"]


def lengths(titles, progress=None):
    """The length of each title, and NaN for one without a sign in it."""
    if progress:
        progress(0.5, "half")
    return np.array([[len(title) or np.nan, 0.1] for title in titles], dtype=float)


@pytest.fixture
def shards(tmp_path):
    return shards_of(tmp_path, TITLES, COLUMNS, "model", size=4)


class TestShards:
    def test_parts_by_hand(self, shards):
        assert len(shards) == 2
        assert list(shards.part(1)) == TITLES[4:]
        assert shards.pending() == [0, 1]
        assert shards.count_titles_outside([1]) == 4
        assert not shards.folder.exists()

    def test_what_is_kept_comes_back_exactly(self, shards):
        for number in shards.pending():
            shards.store(number, lengths(shards.part(number)))
        assert shards.pending() == []
        np.testing.assert_array_equal(shards.probabilities(), lengths(TITLES))

    def test_titles_for_workers(self, shards):
        import pyarrow.parquet as pq

        path = shards.write_titles(1)
        assert pq.read_table(path).to_pydict() == {"title": TITLES[4:]}
        shards.store(1, lengths(shards.part(1)))
        assert not path.exists()

    @pytest.mark.parametrize(
        "found", [np.zeros((3, 2)), np.zeros((4, 3)), np.zeros((5, 2))], ids=["rows", "columns", "more"]
    )
    def test_what_is_wrong_does_not_count_as_done(self, shards, found):
        with pytest.raises(ValueError, match="shard 0 has probabilities of shape"):
            shards.store(0, found)
        assert shards.pending() == [0, 1]

    def test_a_damaged_file_counts_as_absent(self, shards):
        shards.store(0, lengths(shards.part(0)))
        shards.store(1, lengths(shards.part(1)))
        file = min(shards.folder.glob("scored-*"))
        file.write_bytes(file.read_bytes()[:-9])
        assert shards.pending() == [0]

    @pytest.mark.parametrize(
        ("titles", "columns", "key"),
        [
            ([*TITLES[:-1], "other"], COLUMNS, "model"),
            (["ab", "b", *TITLES[2:]], COLUMNS, "model"),
            (TITLES, ["p_x", "p_z"], "model"),
            (TITLES, COLUMNS, "another model"),
        ],
    )
    def test_other_titles_or_another_model_find_nothing(self, shards, tmp_path, titles, columns, key):
        shards.store(0, lengths(shards.part(0)))
        assert shards_of(tmp_path, titles, columns, key, size=4).pending() == [0, 1]
        assert shards_of(tmp_path, TITLES, COLUMNS, "model", size=4).pending() == [1]

    @pytest.mark.parametrize(
        ("n", "size"),
        [(10, MIN_SHARD), (20_000_000, 9_766), (500_000_000, MAX_SHARD)],
        ids=["few", "many", "very many"],
    )
    def test_shards_grow_with_the_collection(self, tmp_path, monkeypatch, n, size):
        class Long(list):
            def __len__(self):
                return n

        assert shards_of(tmp_path, Long(), COLUMNS, "model").size == size

    def test_no_titles(self, tmp_path):
        empty = shards_of(tmp_path, [], COLUMNS, "model")
        score_locally(empty, lengths)
        assert (len(empty), empty.probabilities().shape) == (0, (0, 2))

    def test_what_nobody_went_on_with_for_a_week_is_forgotten(self, shards, tmp_path):
        shards.store(0, lengths(shards.part(0)))
        other = shards_of(tmp_path, TITLES, COLUMNS, "other", size=4)
        other.store(0, lengths(other.part(0)))
        os.utime(other.folder, (0, 0))
        remove_old_shards(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [shards.folder.name]
        remove_old_shards(tmp_path / "not there")


class TestTextsOnDisk:
    @pytest.fixture
    def texts(self, tmp_path, monkeypatch):
        monkeypatch.setattr("core.scale.MIN_SHARD", 4)  # texts of a row group
        return StoredTexts.write(tmp_path / "texts.parquet", [["a", "bb", "ccc", "dddd", "«é», 4to\n"], [], ["", "g"]])

    def test_they_are_a_sequence_like_any_other(self, texts):
        expected = ["a", "bb", "ccc", "dddd", "«é», 4to\n", "", "g"]
        assert len(texts) == 7
        assert list(texts) == expected
        assert [texts[i] for i in range(-7, 7)] == expected * 2
        for rows in (slice(0, 4), slice(3, 6), slice(5, 99), slice(2, 2), slice(None, None, 2), slice(5, 1, -1)):
            assert texts[rows] == expected[rows]
        with pytest.raises(IndexError):
            texts[7]

    def test_none(self, tmp_path):
        texts = StoredTexts.write(tmp_path / "texts.parquet", [])
        assert (len(texts), list(texts), texts[0:5]) == (0, [], [])

    def test_shards_of_them_are_those_of_a_list(self, texts, tmp_path):
        stored, listed = (shards_of(tmp_path, titles, COLUMNS, "model", size=3) for titles in (texts, list(texts)))
        assert stored.folder == listed.folder
        assert [stored.part(i) for i in range(3)] == [listed.part(i) for i in range(3)]


class TestLocalEngine:
    def test_stopped_and_gone_on_with(self, shards):
        requested = []

        def ask(titles, progress=None):
            requested.append(list(titles))
            return lengths(titles, progress)

        def stop(fraction, message):
            if message.startswith("4 of 6"):
                raise Cancelled("stop")

        with pytest.raises(Cancelled):
            score_locally(shards, ask, stop)
        items = []
        score_locally(shards, ask, lambda fraction, message: items.append((fraction, message)))
        assert requested == [TITLES[:4], TITLES[4:]]
        assert items == [(pytest.approx(5 / 6), "5 of 6 titles"), (1.0, "6 of 6 titles")]
        np.testing.assert_array_equal(shards.probabilities(), lengths(TITLES))

    def test_what_an_earlier_run_did_says_nothing_of_the_speed(self, monkeypatch):
        clock = iter([0.0, 20.0])
        monkeypatch.setattr("core.scale.time.monotonic", lambda: next(clock))
        items = []
        ProgressMeter(1000, lambda *text: items.append(text), before=800)(900)
        assert items == [(0.9, "900 of 1,000 titles, about 20 s left")]


class TestPool:
    @pytest.mark.parametrize(
        ("nodes", "wants_gpu", "expected"),
        [
            ([{"CPU": 2.0}], False, Pool(2, 1)),
            ([{"CPU": 2.0}, {"CPU": 8.0}, {}], False, Pool(10, 1)),
            ([{"CPU": 2.0}], True, Pool(2, 1)),
            ([{"CPU": 16.0, "GPU": 4.0}, {"CPU": 16.0, "GPU": 1.0}], True, Pool(5, 1, gpu=True)),
            ([{"CPU": 16.0, "GPU": 4.0}], False, Pool(16, 1)),
            # Memory for four copies: four cores each, so that the node is neither overfull nor idle.
            ([{"CPU": 16.0, "memory": 4.5e9}], False, Pool(4, 4)),
            ([{"CPU": 2.0, "memory": 1e6}], False, Pool(1, 2)),
            ([], False, Pool(1, 1)),
        ],
    )
    def test_by_hand(self, nodes, wants_gpu, expected):
        assert plan_pool(nodes, need=10**9, wants_gpu=wants_gpu) == expected

    def test_no_node_is_asked_for_more_than_it_has(self):
        for cores in range(1, 257):
            pool = plan_pool([{"CPU": cores, "memory": 5e9}], need=10**9, wants_gpu=False)
            assert pool.resources == {"num_cpus": pool.cores, "num_gpus": 0}
            assert pool.copies <= 5
            assert 0 <= cores - pool.copies * pool.cores < pool.cores

    def test_a_copy_with_a_graphics_processor_claims_no_core(self):
        pool = plan_pool([{"CPU": 1, "GPU": 8}], need=10**9, wants_gpu=True)
        assert (pool.copies, pool.resources) == (8, {"num_cpus": 0, "num_gpus": 1})

    @pytest.mark.parametrize(
        ("pool", "said"),
        [
            (Pool(1, 1), "1 copy of the model, one for each core"),
            (Pool(4, 4), "4 copies of the model, one for each 4 cores"),
            (Pool(2, 1, gpu=True), "2 copies of the model, one for each graphics processor"),
        ],
    )
    def test_it_says_what_it_is(self, pool, said):
        assert pool.description == said


class TestCorpus:
    def test_a_run_that_was_stopped_goes_on(self, library, monkeypatch):
        monkeypatch.setattr("core.scale.MIN_SHARD", 500)

        def stop(fraction, message):
            if fraction > 0.45:
                raise Cancelled("stop")

        with pytest.raises(Cancelled):
            predict_corpus(library, "genres", "collection", progress=stop)
        assert library.list("predictions") == []
        report = predict_corpus(library, "genres", "collection")
        assert report.resumed == 1000
        assert "1,000 different titles had been scored already" in report.sentences[0]
        # The first 1,000 titles are those of 1,999 records: a third of the records repeats them, but for the blank one.
        assert report.rows_per_second * report.seconds == pytest.approx(3000 - 1999)
        assert not any((library.root / "scoring").iterdir())
        table = library.find("predictions", report.predictions).path / "predictions.parquet"
        again = predict_corpus(library, "genres", "collection", name="again")
        assert (again.resumed, again.fingerprint) == (0, report.fingerprint)
        assert table.exists()

    @pytest.mark.parametrize(
        ("how", "message"),
        [
            ({"engine": "spark"}, "There is no engine 'spark'. There are: local, ray"),
            ({"address": "auto"}, "Give --engine ray with it"),
        ],
    )
    def test_engines_that_are_not_there(self, library, how, message):
        with pytest.raises(InputError, match=message):
            predict_corpus(library, "genres", "collection", **how)

    def test_without_ray_the_extra_is_named(self, library, monkeypatch):
        monkeypatch.setitem(sys.modules, "ray", None)
        with pytest.raises(InputError, match=r"pip install -e '\.\[ray\]'"):
            predict_corpus(library, "genres", "collection", engine="ray")
