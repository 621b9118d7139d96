"""No YAML is needed by a command that makes no use of it: the others are broken, all at once."""

import shutil
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from spaceship.cli import help as help_
from spaceship.config import allow_list
from spaceship.config.installation import file_digests
from spaceship.config.resolvers import register_resolvers
from spaceship.experiment import Experiment
from tests.commands import QUICK, QUICK_MODEL, ROOT, Shell

MODES = sorted(path.stem for path in (ROOT / "configs" / "mode").glob("*.yaml"))
EVERY = {"config", "hydra/default", "hydra/callbacks/mlflow", "tracking/sqlite"}
EVERY |= {"hydra/hydra_logging/spaceship", "hydra/job_logging/spaceship"}
BUILT_IN = {"task/spaceship_titanic", "data/synthetic"}
PROTOCOL = {"split/hash", "features/full"}
RULES = ("evidence", "floor", "gain")
GATE = {"gate/default", "gate/predecessor", *(f"gate/rule/{one}" for one in RULES)}
TUNED = ("lgbm", "catboost", "hist_gradient_boosting", "logistic_regression")
USED = {
    "clean": BUILT_IN,
    "compare": BUILT_IN,
    "history": BUILT_IN,
    "inference": BUILT_IN | {"engine/local"},
    "leaderboard": BUILT_IN | {"split/hash"},
    "report": BUILT_IN,
    "show": BUILT_IN,
    "init": {"task/new", "data/local"},
    "pp": BUILT_IN | PROTOCOL,
    "promote": BUILT_IN,
    "reproduce": BUILT_IN,
    "rollback": BUILT_IN,
    "tune": BUILT_IN | PROTOCOL | GATE | {f"model/{one}" for one in ("blend", *TUNED)},
}
FALLBACK = {f"model/{one}" for one in ("champion", "blend", "catboost", "lgbm")}
TRAINS = BUILT_IN | PROTOCOL | GATE | FALLBACK
USED["default"] = TRAINS | {"engine/local"}


def broken(folder: Path, mode: str) -> Path:
    """Copy the configs to a folder; remove or break each YAML that a mode makes no use of."""
    kept = EVERY | USED.get(mode, TRAINS) | {f"mode/{mode}"}
    shutil.copytree(ROOT / "configs", folder)
    for number, path in enumerate(sorted(folder.rglob("*.yaml"))):
        name = path.relative_to(folder).with_suffix("").as_posix()
        if name in kept:
            continue
        if number % 2 or name == "model/lgbm":
            path.unlink()
        else:
            path.write_text("defaults: [nothing: here]\nbroken: [\n")
    return folder


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_needs_no_yaml_that_it_makes_no_use_of(mode: str, tmp_path: Path) -> None:
    register_resolvers()
    with initialize_config_dir(str(broken(tmp_path / "configs", mode)), version_base="1.3"):
        cfg = compose("config", [f"mode={mode}"], return_hydra_config=False)
    experiment = Experiment.of(cfg)
    assert cfg.mode._target_ == f"spaceship.mode.{mode}.{mode}"
    assert experiment.dry_run is False
    if mode != "init":
        assert experiment.registry.model == "spaceship_titanic-synthetic"


def test_a_yaml_that_cannot_be_read_ends_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree(ROOT / "configs", tmp_path / "configs")
    (copy / "model" / "latin.yaml").write_bytes("# modèle\n_target_: x.Y\n".encode("cp1252"))
    (copy / "model" / ".#lgbm.yaml").symlink_to("me@host.1:2")  # as Emacs locks a file
    (copy / "model" / "folder.yaml").mkdir()
    for module in (allow_list, help_):
        monkeypatch.setattr(module, "configs", lambda: copy)
    allow_list._shipped.cache_clear()
    try:
        allow_list.check_config({"hydra": {}, "model": {"_target_": "x.Y"}})
        assert "model=" in help_.help_text()
        assert help_.description(copy / "model" / "latin.yaml").startswith("mod")
    finally:
        allow_list._shipped.cache_clear()
    assert copy / "model" / "svm.yaml" in file_digests(copy, kind="*.yaml")


def test_overrides_of_what_a_mode_makes_no_use_of_are_taken(tmp_path: Path) -> None:
    register_resolvers()
    given = ["mode=rollback", "model.estimator.C=1", "gate.dry_run=true", "split.n_folds=3"]
    with initialize_config_dir(str(broken(tmp_path / "configs", "rollback")), version_base="1.3"):
        assert Experiment.of(compose("config", given)).dry_run
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        cfg = compose("config", ["mode=history", "model=svm"])
    assert cfg.model.name == "svm"


@pytest.mark.parametrize("group", ["model", "features", "split", "gate"])
@pytest.mark.parametrize("sweep", [(), ("-m", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=1")])
def test_what_a_mode_needs_cannot_be_unused(
    shell: Shell, group: str, sweep: tuple[str, ...]
) -> None:
    own = () if group == "model" else (QUICK_MODEL, "+model.estimator.tol=interval(0.01,0.1)")
    done = shell(*sweep, "mode=train", f"{group}=unused", *(own if sweep else ()))
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("error: ") == 1
    assert "Traceback" not in done.stderr


def test_commands_run_without_the_yamls_that_they_make_no_use_of(
    shell: Shell, tmp_path: Path
) -> None:
    assert shell("mode=train", *QUICK, QUICK_MODEL).returncode == 0
    for mode, status in (("inference", 0), ("history", 0), ("promote", 2), ("pp", 0)):
        configs = broken(tmp_path / mode, mode)
        done = shell("--config-path", str(configs), f"mode={mode}", "data.n_groups=400")
        assert done.returncode == status, done.stderr
        assert ("expected a challenger of" in done.stderr) == (status == 2)
