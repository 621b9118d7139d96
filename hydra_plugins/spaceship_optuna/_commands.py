"""Output of a sweep before and after its trials: the plan, the resume and retrain commands."""

import logging
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import optuna
from hydra.core.override_parser.types import Override, OverrideType, Quote, QuotedString, ValueType
from optuna.distributions import CategoricalDistribution
from optuna.trial import FrozenTrial

from hydra_plugins.spaceship_optuna._distributions import Parameter
from hydra_plugins.spaceship_optuna._search_space import CANDIDATE, SearchPlan
from hydra_plugins.spaceship_optuna.config_text import redact
from hydra_plugins.spaceship_optuna.tables import aligned

log = logging.getLogger(__name__)


def as_override(key: str, value: object, prefix: str = "") -> str:
    """Return a value as an override, quoted for Hydra's grammar."""
    override = Override(OverrideType.CHANGE, key, ValueType.ELEMENT, _quoted(value))
    return f"{prefix}{key}={override.get_value_element_as_str()}"


def suggested_override(name: str, value: object) -> str:
    """Return the override of a parameter that the user's function suggested, such as `+w`."""
    return as_override(name, value, "" if name.startswith("+") else "++")


def retrain_command(
    plan: SearchPlan, as_single_run: Callable[[Sequence[str]], Sequence[str]], trial: FrozenTrial
) -> str:
    """Return the command that runs a trial's configuration by itself."""
    arm = plan.owner(trial.params)
    names = plan.parameters(arm)
    values = [
        as_override(one.key, one.value(trial.params[name]), one.prefix)
        for name, one in names.items()
        if name in trial.params
    ]
    extra = set(trial.params) - set(names) - {CANDIDATE}
    values += [suggested_override(name, trial.params[name]) for name in sorted(extra)]
    return _command([*as_single_run(plan.fixed), *arm.overrides, *values])


def resume_command(study: optuna.Study) -> str:
    key = "hydra.sweeper.resume="
    given = [item for item in sys.argv[1:] if not item.startswith(key)]
    return _command([*given, key + study.study_name])


def log_resume(level: int, why: str, study: optuna.Study) -> None:
    """Log how a study goes on; a terminal shows the command at the record's end to be copied."""
    command = resume_command(study)
    log.log(level, "%s. Go on with: %s", why, command, extra={"command": command})


def show_plan(plan: SearchPlan, n_trials: int) -> None:
    log.info("%d trials would be run; nothing is run with dry_run=true.", n_trials)
    for arm in plan.arms:
        log.info("%s  (%s)", arm.label, " ".join([*arm.overrides, *plan.fixed]))
        bare = [one.key.rpartition(".")[2] for one in arm.parameters]
        rows = []
        for name, one in zip(bare, arm.parameters, strict=True):
            default = arm.defaults.get(one.key, "outside its space")
            shown = name if bare.count(name) == 1 else one.key
            rows.append((f"  {shown}", f"{_space(one)}, default {default}"))
        if rows:
            log.info("%s", aligned(rows))
        first = [as_override(key, value) for key, value in arm.defaults.items()]
        log.info("  first trial: %s", shlex.join([*arm.overrides, *first]))


def _space(parameter: Parameter) -> str:
    """Return what can be drawn, such as `0.015 … 0.04 (log)`."""
    of: Any = parameter.distribution
    if isinstance(of, CategoricalDistribution):
        return ", ".join(map(str, of.choices))
    step = of.step if isinstance(of.step, float) or of.step not in {None, 1} else None
    how = ["log"] * of.log + ([] if step is None else [f"step {step}"])
    return f"{of.low} … {of.high}" + (f" ({', '.join(how)})" if how else "")


def _command(arguments: Sequence[str]) -> str:
    script, found = sys.argv[0], shutil.which("python") or ""
    same = sys.prefix in found and Path(found).samefile(sys.executable)
    python = ["python" if same else sys.executable] if script.endswith(".py") else []
    return redact(shlex.join([*python, script, *arguments]))


def _quoted(value: object) -> Any:
    if isinstance(value, str):
        return QuotedString(value, Quote.single)
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    if isinstance(value, dict):
        return {key: _quoted(item) for key, item in value.items()}
    return value
