"""Wrong command lines: the right names are suggested, in a command that works as typed."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from scripts.bench.typos import is_suggested, typos
from spaceship.cli.main import prepare
from spaceship.cli.names import Names
from spaceship.cli.suggestions import CommandLine
from spaceship.config.verbatim import verbatim
from tests import forks
from tests.commands import ROOT

SCRIPT = ROOT / "scripts" / "run.py"


@pytest.fixture(scope="module")
def names() -> Names:
    prepare()
    return Names.of_configs()


def message(names: Names, *words: str, sweeps: bool = True) -> str:
    return CommandLine(words, sweeps=sweeps, names=names).message() or ""


def test_one_letter_wrong_is_found_again(names: Names) -> None:
    drawn = typos(24, seed=2026)
    missed = [one for one in drawn if not is_suggested(one, message(names, *one.words))]
    assert len(missed) <= len(drawn) // 20, missed
    assert {one.slip for one in drawn} == {"insert", "delete", "replace", "swap"}


def test_a_column_of_a_what_if_is_kept(names: Names) -> None:
    found = message(names, "mode=explain", "row=a1", "explain.sett.Age=3")
    assert "did you mean explain.set.Age=3" in found


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("mode=trian seed=7", "mode=train seed=7"),
        ("mode=TRAIN", "mode=train"),
        ("train", "mode=train"),
        ("trian model=lgbm", "mode=train model=lgbm"),
        ("mode train", "mode=train"),
        ("+mode=train", "mode=train"),
        ("+seed=3", "seed=3"),
        ("mdoe=trian", "mode=train"),
        ("mode=train modle=catboost", "mode=train model=catboost"),
        ("model=lightgbm", "model=lgbm"),
        ("model=lgbm,catbost", "model=lgbm,catboost"),
        ("n_folds=3", "split.n_folds=3"),
        ("~gate.flor", "~gate.floor"),
        ("model.estimator.num_leavs=5 mode=train", "model=lgbm model.estimator.num_leaves=5"),
        ("model=svm model.estimator.num_leaves=5", "model=lgbm model.estimator.num_leaves=5"),
        ("gate.latency.max_mss=9", "+gate/rule@gate.latency=latency gate.latency.max_ms=9"),
        ("gate/rule@gate.floor=flor", "gate/rule@gate.floor=floor"),
        ("hydra.sweeper.n_trails=5", "hydra/sweeper=optuna hydra.sweeper.n_trials=5"),
        ("hydra.sweeper.params.model=lgbn", "hydra.sweeper.params.model=lgbm"),
        ("mode=tran gate.forse=true", "mode=train gate.force=true"),
        ("data=lcal 'reason=it is (new)'", "data=local 'reason=it is (new)'"),
        ("model.estimator.num_leavs=5 model=svm", "model=lgbm model.estimator.num_leaves=5"),
        (
            "-m model=svm,lgbm,catboost model.estimator.num_leavs=5",
            "-m model=lgbm model.estimator.num_leaves=5",
        ),
        ("gate=off gate/rule@gate.size=size", "gate=off +gate/rule@gate.size=size"),
        (
            "-m gate=off,strict gate/rule@gate.size=size",
            "gate=strict gate/rule@gate.size=size",
        ),
        ("gate/rule@gate.flor=floor gate.forse=true", "gate/rule@gate.floor=floor gate.force=true"),
    ],
)
def test_the_corrected_command_is_whole(names: Names, line: str, meant: str) -> None:
    words = shlex.split(line)
    own = [word for word in words if not word.startswith("-")]
    found = CommandLine(words, own, names=names).message() or ""
    command = shlex.split(found.rpartition("run.py ")[2])
    assert set(shlex.split(meant)) <= {*command}
    right = CommandLine(command, [word for word in command if word != "-m"], names=names)
    assert right.message() is None  # as typed, every name is right


@pytest.mark.parametrize("dashes", ["", "--"])
def test_the_name_of_a_mode_is_a_mode_though_a_section_bears_it(names: Names, dashes: str) -> None:
    for mode in names.choices["mode"]:
        word, rest = f"{dashes}{mode}", verbatim(["row=3", "run=12e5"])
        unknown = [word] if dashes else []
        own = rest if dashes else [word, *rest]
        found = str(CommandLine([word, *rest], own, unknown, ["--report"], names=names).message())
        assert f"found {word}; did you mean mode={mode}: " in found
        assert found.endswith(f"run.py mode={mode} row=3 run=12e5")


def test_a_group_without_such_a_choice_is_not_offered(names: Names) -> None:
    assert "did you mean mode=train model=lgbm: " in message(names, "mode=trian", "modle=lgbm")
    found = message(names, "modle=qqqqqq")
    assert found.endswith("did you mean mode=CHOICE or model=CHOICE: see --help")


@pytest.mark.parametrize(
    ("line", "lacking", "meant"),
    [
        (
            "model=lgbm,logistic_regression model.estimator.num_leaves=15",
            "model=logistic_regression",
            "model=lgbm model.estimator.num_leaves=15",
        ),
        (
            "data.n_groups=300 data=kaggle,synthetic",
            "data=kaggle",
            "data=synthetic data.n_groups=300",
        ),
        (
            """'hydra.sweeper.params.model="lgbm,svm,lgbm_table"' model.estimator.num_leaves=5""",
            "model=svm",
            """'hydra.sweeper.params.model="lgbm,lgbm_table"' model.estimator.num_leaves=5""",
        ),
    ],
)
def test_a_key_that_a_swept_choice_lacks_is_told(
    names: Names, line: str, lacking: str, meant: str
) -> None:
    found = message(names, *shlex.split(line))
    assert f", which is not there with {lacking}; did you mean " in found
    assert found.endswith(f"run.py {meant}")


def test_a_key_that_every_swept_choice_has_is_right(names: Names) -> None:
    assert not message(names, "model=lgbm,lgbm_table", "model.estimator.num_leaves=15")


def test_no_setting_below_search_spaces_and_fallbacks_is_suggested(names: Names) -> None:
    for line in ("model.estimator.num_leaves=1", "num_leaves=1", "model.estimator.C=1"):
        assert "search_space" not in (found := message(names, line))
        assert "fallback" not in found


def test_keys_are_not_judged_beside_an_unknown_choice(names: Names) -> None:
    found = message(names, "task=price", "data.dir=/x", "data.train=/x/y.csv")
    assert found.startswith("expected a choice of task, found task=price; choose one of ")
    assert "spaceship_titanic" in found
    assert "mode=init task.name=price " in found
    assert "data.dir" not in found


def test_a_correction_drops_no_override(names: Names) -> None:
    line = ["--model", "lgbm", "-m", "seed=1,2", "--sede", "3"]
    unknown = ["--model", "--sede"]
    found = CommandLine(line, ["seed=1,2"], unknown, ["--multirun"], names=names).message()
    assert str(found).endswith("run.py model=lgbm -m seed=1,2 seed=3")


def test_values_of_a_sweep_ask_for_a_multirun(names: Names) -> None:
    found = message(names, "model=lgbm,svm", "mode=train", sweeps=False)
    assert found.startswith("expected one value, or --multirun (-m), found model=lgbm,svm; ")
    assert found.endswith("run.py -m model=lgbm,svm mode=train")


@pytest.mark.parametrize(
    ("line", "end"),
    [
        ("qqqqqq=1", "found qqqqqq=1; see --keys"),
        ("data=qqqqqq", "choose one of kaggle, local, resample, sklearn, sql, synthetic"),
        ("tracking", "give it a value: tracking=VALUE, one of server, sqlite"),
        (
            "model=lgbm model.estimator.zzzzzz=1",
            "if the class takes this argument, add it with +: +model.estimator.zzzzzz=1",
        ),
    ],
)
def test_a_name_like_no_other_is_told_where_to_look(names: Names, line: str, end: str) -> None:
    found = message(names, *line.split())
    assert found.endswith(end)
    assert "did you mean" not in found


def test_right_names_are_no_fault(names: Names) -> None:
    line = ["-m", "mode=train", "model=lgbm,svm", "++new=1", "~reason", "experiment=null"]
    assert CommandLine(line, line[1:], names=names).message() is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("--mode train", "mode=train"),
        ("--mode=train seed=7", "mode=train seed=7"),
        ("--multirn model=lgbm,svm", "--multirun model=lgbm,svm"),
        ("--verbsoe mode=pp", "--verbose mode=pp"),
        ("mode = train", "mode=train"),
        ("seed =7 mode=pp", "seed=7 mode=pp"),
        ("--data-dir x mode=pp", "data=local data.dir=x mode=pp"),
        ("--train", "mode=train"),
        ("--cfg jbo", "--cfg job"),
        ("-m mode=train model=lgbm,catbost", "-m mode=train model=lgbm,catboost"),
        ("gate.reveal=laddr", "gate.reveal=ladder"),
        ("objective.metric=[cv_log_los,cv_ece]", "'objective.metric=[cv_log_loss,cv_ece]'"),
        ("-m inference.on_drift=wrn,fail", "-m inference.on_drift=warn,fail"),
        ("gate.floor.otherwise=refusd", "gate.floor.otherwise=refused"),
    ],
)
def test_a_wrong_command_is_corrected_and_leaves_nothing(
    tmp_path: Path, line: str, meant: str
) -> None:
    outputs = f"paths.outputs={tmp_path / 'outputs'}"
    done = forks.run([sys.executable, str(SCRIPT), *line.split(), outputs], tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: expected ")
    assert done.stderr.count("\n") == 2, "the command is on a line of its own"
    assert re.search(rf"run\.py {re.escape(meant)} {re.escape(outputs)}$", done.stderr.strip())
    assert not [*tmp_path.iterdir()]
