"""Bars of scale: own costs and floors in turns; nothing here depends on how long a step takes."""

import json
import math
import os
from pathlib import Path

import pandas as pd
import pytest
import yaml

from scripts.bench import plain, scale
from scripts.bench.bars import BARS, Bar, Rows
from scripts.bench.command_bars import COMMAND_BARS
from scripts.bench.scale import Found
from spaceship.config.installation import configs


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return Rows(400, tmp_path_factory.mktemp("rows"))


@pytest.mark.parametrize("name", BARS)
def test_every_bar_runs_beside_its_floor(name: str, few: Rows) -> None:
    bar = BARS[name]
    for need in bar.needs:
        assert len(getattr(few, need)) if need == "frame" else getattr(few, need) is not None
    for step in (bar.own, bar.floor):
        seconds, peak = scale.cost(step, few)
        assert seconds > 0
        assert math.isnan(peak) or abs(peak) < 10_000


def test_the_seven_fits_are_those_of_the_job(few: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(
        Rows, "fit_alone", lambda _, *parts: sizes.extend(part.stop for part in parts)
    )
    COMMAND_BARS["mode=train over its seven fits"].floor(few)
    n_rows = len(few.frame)
    assert [round(size / n_rows, 2) for size in sizes] == [0.64] * 5 + [0.8, 1.0]


def test_memory_counts_from_the_start_of_a_step(few: Rows) -> None:
    if not scale.STATUS.exists():
        pytest.skip("the peak of a step is known on Linux only")
    _, peak = scale.cost(lambda _: len(bytearray(os.urandom(1) * 200_000_000)), few)
    assert 150 < peak < 500
    _, peak = scale.cost(lambda _: 7.5, few)
    assert peak == 7.5


def found(rows: int, own: float) -> Found:
    return Found(rows, 1.0, [own] * 3, [1.0] * 3, 10.0)


@pytest.fixture
def one_bar(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bar = Bar(lambda _: None, lambda _: None, (), "1.5", (1_000,), turns=2)
    known = tmp_path / "known.json"
    known.write_text('{"sorting": {"1000": 2.0}}')
    monkeypatch.setattr(scale, "BARS", {"sorting": bar})
    monkeypatch.setattr(scale, "KNOWN", known)


@pytest.mark.usefixtures("one_bar")
@pytest.mark.parametrize(("own", "fails"), [(1.0, False), (2.4, False), (2.6, True)])
def test_quick_fails_on_a_ratio_a_quarter_above_the_known_one(
    own: float, *, fails: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def in_child(*what: object) -> dict[str, Found]:
        asked.append(what)
        return {"sorting": found(1_010, own)}

    monkeypatch.setattr(scale, "in_child", in_child)
    if fails:
        with pytest.raises(SystemExit, match=r"at most 1\.25 times 2, found 2\.60"):
            scale.main(["--quick"])
    else:
        scale.main(["--quick"])
    assert asked == [({"sorting": 2}, 1_000)]
    assert "| sorting | 1,010 |" in capsys.readouterr().out
    scale.main(["--quick", "--write"])
    assert scale.known_ratios("sorting") == [(1_000, own)]
    scale.main(["--quick"])


@pytest.mark.usefixtures("one_bar")
def test_a_size_without_a_known_ratio_cannot_fail() -> None:
    assert [*scale.grown({"sorting": [found(10_000, 99.0)]})] == []
    assert scale.row("sorting", found(10_000, 3.0))[4:7] == ["3.00 (3.00 … 3.00)", "-", "1.5"]


@pytest.mark.slow
def test_a_child_measures_one_bar(capsys: pytest.CaptureFixture[str]) -> None:
    name = next(iter(BARS))
    measured = scale.in_child({name: 2}, 1_000)[name]
    assert 900 < measured.rows < 1_100
    assert len(measured.own) == len(measured.floor) == 2
    scale.main(["--child", json.dumps({name: 1}), "--rows", "1000"])
    assert f'"rows": {measured.rows}' in capsys.readouterr().out


def test_every_known_ratio_is_of_a_bar_of_today() -> None:
    for name in json.loads(scale.KNOWN.read_text()):
        assert {rows for rows, _ in scale.known_ratios(name)} <= {*scale.BARS[name].quick}
    assert all(bar.quick == () or bar.turns for bar in COMMAND_BARS.values())


@pytest.mark.slow
def test_the_plain_scripts_do_the_work_of_the_commands(few: Rows) -> None:
    assert (few.trained_plainly / "plain.db").stat().st_size > 0
    of_kaggle = Rows(0, few.folder, few.kaggle)
    assert len(of_kaggle.frame) == len(few.frame)
    COMMAND_BARS["mode=inference over a joblib script"].floor(of_kaggle)
    made = pd.read_csv(few.folder / "plain.csv")
    assert [*made.columns] == ["PassengerId", "Transported"]
    assert len(made) == len(pd.read_csv(few.kaggle / "test.csv"))
    settings = yaml.safe_load((configs() / "model" / "lgbm.yaml").read_text())["estimator"]
    defaults = {"min_split_gain": 0.0, "reg_alpha": 0.0, "random_state": 42}
    wanted = {key: one for key, one in settings.items() if key != "_target_"} | defaults
    assert plain.SETTINGS | defaults == wanted
