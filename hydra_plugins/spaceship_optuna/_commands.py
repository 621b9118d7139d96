"""What a sweep prints: its plan, the commands to go on with it and to retrain what it found."""

import logging
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import optuna
from hydra.core.override_parser.types import Override, Quote, QuotedString
from optuna.trial import FrozenTrial

from hydra_plugins.spaceship_optuna._search_space import CANDIDATE, Plan
from spaceship.config.build import redact

log = logging.getLogger(__name__)

_RESUME = "hydra.sweeper.resume"


def as_text(value: Any) -> str:
    """Return a value as it stands in an override, quoted as Hydra's grammar wants it."""
    return Override._get_value_element_as_str(_quoted(value))  # noqa: SLF001 - not public elsewhere


def retrain_command(plan: Plan, trial: FrozenTrial) -> str:
    """Return the command that runs a trial's configuration by itself."""
    candidate = plan.owner(trial.params)
    names = {plan.name(candidate, one.key): one for one in candidate.parameters}
    values = [
        f"{parameter.prefix}{parameter.key}={as_text(parameter.value(trial.params[name]))}"
        for name, parameter in names.items()
        if name in trial.params
    ]
    extra = set(trial.params) - set(names) - {CANDIDATE}  # of the user's own function
    values += [f"++{key}={as_text(trial.params[key])}" for key in sorted(extra)]
    kept = [item for item in plan.fixed if not item.startswith("mode.")]  # of mode=tune alone
    fixed = ["mode=train" if item == "mode=tune" else item for item in kept]
    return _command([*fixed, *candidate.overrides, *values])


def resume_command(study: optuna.Study) -> str:
    """Return the command that goes on with a study."""
    given = [item for item in sys.argv[1:] if not item.startswith(f"{_RESUME}=")]
    return _command([*given, f"{_RESUME}={study.study_name}"])


def show_plan(plan: Plan, n_trials: int) -> None:
    """Print candidates, spaces and first trials."""
    log.info("%d trials would be run; nothing is run with dry_run=true.", n_trials)
    for candidate in plan.candidates:
        log.info("%s  (%s)", candidate.label, " ".join([*candidate.overrides, *plan.fixed]))
        for parameter in candidate.parameters:
            default = candidate.defaults.get(parameter.key, "outside its space")
            log.info("  %-40s %s  default %s", parameter.key, parameter.distribution, default)
        first = [f"{key}={as_text(value)}" for key, value in candidate.defaults.items()]
        log.info("  first trial: %s", shlex.join([*candidate.overrides, *first]))


def _command(arguments: list[str]) -> str:
    script = sys.argv[0]
    found = shutil.which("python")
    same = found is not None and Path(found).resolve() == Path(sys.executable).resolve()
    python = ["python" if same and sys.prefix in found else sys.executable]  # type: ignore[operator]
    return redact(shlex.join([*(python if script.endswith(".py") else []), script, *arguments]))


def _quoted(value: Any) -> Any:
    if isinstance(value, str):
        return QuotedString(value, Quote.single)
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    if isinstance(value, dict):
        return {key: _quoted(item) for key, item in value.items()}
    return value
