import json

from core.cli import main


def test_the_keys_that_stay_put(library, capsys):
    place = ["--workspace", str(library.root), "--quiet", "--json"]
    assert main(["predict", "--model", "genres", "--corpus", "collection", *place]) == 0
    content = json.loads(capsys.readouterr().out)
    wanted = {"predictions", "rows_per_second", "held_out", "untitled", "predicted", "engine", "resumed"}
    assert wanted <= set(content)
    assert (content["rows"], content["untitled"], content["engine"], content["resumed"]) == (3000, 1, "local", 0)
    assert sum(content["predicted"].values()) == 2999


def test_who_stops_it_is_told_that_it_goes_on(library, capsys, monkeypatch):
    def stopped(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("core.models.scoring.predict_corpus", stopped)
    status = main(["predict", "--model", "genres", "--corpus", "collection", "--workspace", str(library.root)])
    output = capsys.readouterr()
    assert (status, output.out) == (1, "")
    assert "Stopped. What was finished, in shards of at least 8,192 titles, is kept for a week: the same" in output.err
    assert "Traceback" not in output.err


def test_an_address_without_ray_is_a_slip(library, capsys):
    words = ["predict", "--model", "genres", "--corpus", "collection", "--address", "auto"]
    status = main([*words, "--workspace", str(library.root)])
    output = capsys.readouterr()
    assert (status, output.out) == (2, "")
    assert "Give --engine ray with it" in output.err
