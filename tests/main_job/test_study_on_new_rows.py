"""Study.evaluate and Study.monitor give what the commands give, and show themselves."""

import json

import pytest

import steelyard


@pytest.fixture(scope="module")
def fresh(customers, tmp_path_factory):
    path = tmp_path_factory.mktemp("fresh") / "fresh.csv"
    customers(rows=300, seed=8).write_csv(path)
    return path


def test_evaluate_in_python_is_the_command(run_dir, run, fresh, tmp_path):
    page = tmp_path / "page.html"
    told = run("evaluate", run_dir, fresh, "--segments", "plan", "--json", "--out", page)
    study = steelyard.load(run_dir)
    found = study.evaluate(fresh, segments="plan")
    wanted = json.loads(told.stdout)
    for name, one in wanted["metrics"].items():
        assert found.values["metrics"][name] == pytest.approx(one, abs=1e-6)
    assert found.values["segments"]["tests"] == wanted["segments"]["tests"]
    assert "Promised and seen" in page.read_text()
    assert "srcdoc" in found._repr_html_()
    assert "these rows            promised" in repr(found)
    assert found.save(tmp_path / "again.html").read_text() == found.to_html()
    refused = run("evaluate", run_dir, fresh, "--out", page)
    assert refused.exit_code == 1
    assert "--overwrite" in refused.stderr


def test_monitor_in_python_is_the_command(run_dir, run, fresh, tmp_path):
    page = tmp_path / "page.html"
    told = run("monitor", run_dir, fresh, "--json", "--out", page)
    found = steelyard.load(run_dir).monitor(fresh)
    wanted = json.loads(told.stdout)
    assert found.values["prevalence"]["value"] == pytest.approx(wanted["prevalence"]["value"])
    assert found.values["left"] == wanted["left"]
    assert "Checks" in page.read_text()
    assert "srcdoc" in found._repr_html_()
    assert "prevalence" in repr(found)


@pytest.mark.parametrize("command", ["evaluate", "monitor"])
def test_a_page_is_html_and_no_table(run_dir, run, fresh, command):
    refused = run(command, run_dir, fresh, "--out", fresh)
    assert refused.exit_code == 1
    assert ".html" in refused.stderr
