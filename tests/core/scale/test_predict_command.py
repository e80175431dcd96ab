import json

from core.cli import main


def test_the_keys_that_stay_put(library, capsys):
    place = ["--workspace", str(library.root), "--quiet", "--json"]
    assert main(["predict", "--model", "genres", "--corpus", "collection", *place]) == 0
    said = json.loads(capsys.readouterr().out)
    wanted = {"predictions", "rows_per_second", "held_out", "untitled", "predicted", "engine", "resumed"}
    assert wanted <= set(said)
    assert (said["rows"], said["untitled"], said["engine"], said["resumed"]) == (3000, 1, "local", 0)
    assert sum(said["predicted"].values()) == 2999


def test_who_stops_it_is_told_that_it_goes_on(library, capsys, monkeypatch):
    def stopped(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("core.models.scoring.predict_corpus", stopped)
    status = main(["predict", "--model", "genres", "--corpus", "collection", "--workspace", str(library.root)])
    said = capsys.readouterr()
    assert (status, said.out) == (1, "")
    assert "Stopped. What was finished, in shards of at least 8,192 titles, is kept for a week: the same" in said.err
    assert "Traceback" not in said.err


def test_an_address_without_ray_is_a_slip(library, capsys):
    words = ["predict", "--model", "genres", "--corpus", "collection", "--address", "auto"]
    status = main([*words, "--workspace", str(library.root)])
    said = capsys.readouterr()
    assert (status, said.out) == (2, "")
    assert "Give --engine ray with it" in said.err
