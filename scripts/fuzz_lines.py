"""Mutated command lines: keys, values, groups, targets, interpolations, Hydra's own settings."""

import random
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from fuzz_case import Case, Content
from fuzz_data import QUICK
from omegaconf import DictConfig, ListConfig, OmegaConf

Line = list[str]
Place = tuple[str, tuple[str, ...]]
"""A key, and what chooses the config that has it."""
Mutation = Callable[[random.Random, "Known"], Line]

BASES = (
    ("mode=pp", "features=raw"),
    ("mode=inference",),
    ("mode=train", "features=raw"),
    ("mode=train", "features=full"),
    ("mode=default", "features=raw"),
    ("mode=history",),
    ("mode=promote",),
    ("mode=rollback",),
    ("mode=tune", "hydra.sweeper.dry_run=true"),
)
CONFIGS = (
    ("model=logistic_regression", "features=full", "gate=strict"),
    ("model=lgbm", "data=local", "gate=default"),
    ("model=blend", "data=kaggle", "gate=off"),
    ("model=champion", "tracking=server", "mode=tune", "hydra.sweeper.dry_run=true"),
    ("model=catboost", "data=synthetic", "tracking=sqlite"),
    ("model=svm", "mode=history"),
    ("model=random_forest",),
    ("model=hist_gradient_boosting",),
)
"""Command lines whose composed configs give the keys to mutate."""
NUMBERS = (
    "0", "-1", "1", "2", "-0", "0.5", "1.5", "-0.5", "1e400", "-1e400", "nan", "-.nan", "inf", "-inf",
    "1000000000000000000000000000000", "4294967296", "9223372036854775808", "1e-320", "0x10", "1_0", "007",
)  # fmt: skip
VALUES = (
    "null", "", "''", '""', "' '", "true", "false", "yes", "[]", "{}", "[1,2]", "[[1],[2]]", "[null]",
    "{a:1}", "{a:{b:[1,{c:null}]}}", "{_target_:os.system}", "text", "'a b'", '"a,b"', "é", "🚀", "'\u202e'",
    "${seed}", "${nope}", "${a.b.c}", "${.self}", "${oc.env:NOT_THERE_AT_ALL}", "${oc.env:HOME}",
    "${nope:1}", "${oc.decode:'['}", "${oc.select:nope}", "${now:%Y}", "${abspath:x}", "${cores:}",
    "${project_root:}", "${", "$", "${}", "???", "'???'", "int('a')", "range(1,3)", "choice(1,2)",
    "interval(0,1)", "glob(*)", "sort(1,2)", "1,2", "a,b", ",", "/dev/null", "../../..", "~", "-",
    "x" * 300, "x" * 5000, "'" + "🚀" * 200 + "'", "%", "*", "\\", "\\n", "a\nb", "a\tb", "@", "#", "!!python/object:os",
)  # fmt: skip
TARGETS = (
    "os.system", "builtins.eval", "builtins.exec", "builtins.open", "joblib.load", "pickle.loads",
    "pandas.read_pickle", "subprocess.run", "subprocess.Popen", "shutil.rmtree", "importlib.import_module",
    "sklearn.utils.fixes.os.system", "sklearn.externals.nope", "spaceship.config.os.system", "spaceship.nope.Nope",
    "spaceship.config.build", "spaceship.cache.shutil.rmtree", "spaceship.reading.read_csv", "spaceship",
    "spaceship.record.write_atomically", "spaceship.mode.train.train", "spaceship.model.blend.Blend",
    "spaceship.features.raw.RawFeatures", "spaceship.data.local.LocalData", "spaceship.gate.strict.StrictGate",
    "lightgbm.LGBMClassifier", "lightgbm.LGBMRegressor", "lightgbm.basic.os.system", "lightgbm.Booster",
    "sklearn.linear_model.LinearRegression", "sklearn.cluster.KMeans", "sklearn.svm.SVC", "sklearn.svm.LinearSVC",
    "sklearn.dummy.DummyClassifier", "sklearn.base.BaseEstimator", "sklearn.preprocessing.StandardScaler",
    "sklearn.pipeline.Pipeline", "sklearn.datasets.fetch_openml", "sklearn.neighbors.KNeighborsClassifier",
    "sklearn.naive_bayes.GaussianNB", "sklearn.ensemble.VotingClassifier", "optuna.samplers.TPESampler",
    "catboost.CatBoostClassifier", "xgboost.XGBClassifier", "sklearn", "sklearn.", ".", "", "..", "os", "1", "a b",
)  # fmt: skip
NODES = ("mode", "model.estimator", "features", "data", "gate", "model.estimator.C", "split", "hydra")
HYDRA = (
    "hydra.run.dir={folder}/elsewhere", "hydra.run.dir=''", "hydra.run.dir=null", "hydra.run.dir={folder}/data/train.csv",
    "hydra.run.dir=/dev/null/x", "hydra.run.dir=/proc/x", "hydra.run.dir=.", "hydra.run.dir=${{nope}}",
    "hydra.run.dir={long}", "hydra.sweep.dir=''", "hydra.sweep.subdir=../x", "hydra.sweep.subdir=same", "hydra.sweep.subdir=null",
    "hydra.job.name=../../x", "hydra.job.name=''", "hydra.job.name=null", "hydra.job.name={long}", "hydra.job.chdir=true",
    "hydra.job.chdir=null", "hydra.output_subdir=null", "hydra.output_subdir=''", "hydra.output_subdir=../x",
    "hydra.output_subdir=report.json", "hydra.mode=MULTIRUN", "hydra.mode=X", "hydra.mode=null", "hydra.verbose=true",
    "hydra.verbose=[a,b]", "hydra.verbose={{a:1}}", "hydra/launcher=basic", "hydra/launcher=joblib", "hydra/launcher=nope",
    "hydra/sweeper=basic", "hydra/sweeper=nope", "hydra/job_logging=none", "hydra/job_logging=disabled",
    "hydra/job_logging=default", "hydra/job_logging=nope", "hydra/hydra_logging=none", "hydra/hydra_logging=disabled",
    "hydra.callbacks=null", "~hydra.callbacks.mlflow", "~hydra/callbacks", "hydra/callbacks=nope", "hydra/callbacks=null",
    "hydra.callbacks.mlflow._target_=os.system", "hydra.callbacks.mlflow._target_=nope", "+hydra.callbacks.x._target_=nope.X",
    "hydra.searchpath=[file:///nowhere]", "hydra.searchpath=[nope]", "hydra.searchpath=x", "hydra.searchpath=null",
    "hydra.job.env_set={{A:1}}", "hydra.job.env_set={{A:null}}", "hydra.job.env_copy=[HOME]", "hydra.job.config={{}}",
    "hydra.job_logging=null", "hydra.job_logging.version=9", "hydra.job_logging.root.level=NOPE", "hydra.job_logging.root=null",
    "hydra.job_logging.handlers.file.filename=/dev/null/x", "hydra.job_logging.handlers.console.class=nope.X",
    "hydra.job_logging.formatters.plain.format='%(nope)s'", "hydra.hydra_logging=null", "hydra.hydra_logging.root.level=1.5",
    "hydra.runtime.output_dir=x", "hydra.runtime=null", "hydra.overrides.task=[a]", "hydra=null", "hydra=nope", "hydra={{}}",
    "~hydra", "hydra.sweeper=null", "hydra.launcher=null", "hydra.job=null", "hydra.run=null", "hydra.help.template=x",
    "hydra.sweeper.params={{seed:'1,2'}}", "+hydra.nope=1", "hydra.nope=1", "hydra.job.num=x", "hydra.job.id=1",
)  # fmt: skip
FLAGS = (
    "--cfg job", "--cfg nope", "--cfg", "--cfg all --resolve", "--cfg hydra", "--resolve", "--help", "--hydra-help", "--version",
    "--info", "--info nope", "--info all", "--info defaults-tree", "--info searchpath", "--package hydra --cfg job", "--package nope --cfg job",
    "--config-name nope", "--config-name=", "--config-path nope", "--config-path /nowhere", "--config-dir nope",
    "--config-dir .", "-cd data", "-m", "--multirun", "-m -m", "-s", "-sc install=bash", "-sc nope", "--shell-completion",
    "--run", "-r -m", "-x", "--nope", "-", "--", "-- seed=1", "=", "==", "=1", "seed", "seed=", "+", "++", "~", "~~seed",
    "+=1", "seed==1", "seed:=1", "@=1", "a@b=c", "model@=lgbm", "model@x=lgbm", "+model@x.y=lgbm", "hydra", "🚀=1", "-1",
    "--experimental-rerun nope", "--experimental-rerun", "seed =1", " ", "\t", "mode", "mode.train", "mode train",
)  # fmt: skip
SPACES = (
    "interval(0,1)", "interval(1,0)", "interval(0,0)", "interval(a,b)", "int(interval(1,3))", "int(interval(-5,5))",
    "tag(log,interval(0,1))", "tag(log,interval(-1,1))", "tag(log,interval(0.1,1))", "range(1,5)", "range(5,1)", "range(1,5,0)",
    "choice()", "choice(1)", "choice(1,1)", "choice(a,1,null)", "choice([1,2],{{a:1}})", "glob(*)", "glob(nope)", "1,2,3", "1,",
    "shuffle(1,2)", "sort(3,1)", "interval(nan,1)", "interval(0,inf)", "interval(0,1e400)", "float(interval(1,2))",
    "str(interval(1,2))", "interval(0,1),interval(1,2)", "tag(x)", "tag(log,choice(1,2))", "null", "''", "[]", "text", "1.5",
)  # fmt: skip
GROUPS = ("mode", "model", "features", "gate", "data", "tracking", "experiment", "local", "hydra")
CHOICES = (
    "nope", "", "null", "[]", "[lgbm]", "[lgbm,catboost]", "{}", "{a:1}", "1", "true", "LGBM", "lgbm.yaml",
    "../model/lgbm", "/etc/passwd", "raw", "full", "baseline", "strict", "off", "server", "sqlite", "kaggle", "local",
    "synthetic", "default", "lgbm", "tabpfn", "xgboost", "champion", "blend", "inference", "catboost_strict", "é", "🚀",
    "${model}", "${oc.env:NOPE}", "'a b'", "lgbm,nope", "?", "*", "_self_", "x" * 300,
)  # fmt: skip


class Known:
    """What there is to mutate: keys of composed configs, and places inside the sandbox."""

    def __init__(self, configs: Sequence[DictConfig], folder: Path) -> None:
        """Collect the keys, those whose value is a number apart."""
        from hydra.conf import HydraConf
        from hydra_plugins.spaceship_optuna.config import OptunaSweeperConf

        hydra = OmegaConf.structured(HydraConf)
        hydra.sweeper = OmegaConf.structured(OptunaSweeperConf)
        leaves: dict[Place, object] = {}
        for overrides, config in zip(CONFIGS, configs, strict=True):
            for key, value in _leaves(config):
                group = f"{key.partition('.')[0]}="
                chosen = tuple(one for one in overrides if one.startswith(group))
                leaves[key, chosen] = value
        self.places = sorted(leaves)
        self.numbers = sorted(at for at, value in leaves.items() if type(value) in {int, float})
        self.settings = sorted(f"hydra.{key}" for key, _ in _leaves(hydra))
        self.folder = folder


def case(number: int, seed: int, known: Known, files: Mapping[str, Content]) -> Case:
    """Return the command line of a number: always the same for the same seed and configs."""
    name = f"line-{number}"
    draw = random.Random(f"{seed} {name}")  # noqa: S311 - nothing secret
    kind = list(KINDS)[number % len(KINDS)]
    mutated = KINDS[kind](draw, known)
    base = [*QUICK, *draw.choice(BASES), "data=local", f"data.dir={known.folder}/data"]
    line = _suited(base, mutated)
    if any("tune" in argument for argument in line) and not any("dry" in one for one in line):
        line.append("hydra.sweeper.dry_run=true")
    if kind == "characters":
        place = draw.randrange(len(line))
        line[place] = _garbled(draw, line[place])
    outputs = f"paths.outputs={known.folder}/outputs"
    if not any("paths" in argument for argument in mutated):
        line.append(outputs)
    elif draw.random() < 0.5:  # noqa: PLR2004 - the mutated one comes last, and counts
        line.insert(0, outputs)
    return Case(name, f"line: {kind}", " ".join(mutated), tuple(line), files)


def _suited(base: Line, mutated: Line) -> Line:
    """Return the whole line: what is mutated stands instead of the same key of the base."""
    taken = {argument.lstrip("+~").partition("=")[0] for argument in mutated}
    return [one for one in base if one.partition("=")[0] not in taken] + mutated


def _value(draw: random.Random, known: Known) -> Line:
    key, chosen = draw.choice(known.places)
    return [*chosen, f"{draw.choice(['', '', '++'])}{key}={draw.choice(VALUES)}"]


def _number(draw: random.Random, known: Known) -> Line:
    key, chosen = draw.choice(known.numbers)
    return [*chosen, f"{key}={draw.choice(NUMBERS)}"]


def _null(draw: random.Random, known: Known) -> Line:
    key, chosen = draw.choice(known.places)
    parts = key.split(".")
    length = draw.choice([len(parts), len(parts), draw.randint(1, len(parts))])
    return [*chosen, f"{'.'.join(parts[:length])}=null"]


def _key(draw: random.Random, known: Known) -> Line:
    key, group = draw.choice(known.places)
    place = draw.randrange(len(key))
    forms = [
        f"~{key}", f"~{key}=1", f"+{key}=1", f"++{key}.more=1", f"{key}.0=1", f"{key[:place]}{key[place + 1:]}=1",
        f"~{key.partition('.')[0]}", f"+{key}_x=1", f"{key.upper()}=1", f"{key}={draw.choice(NUMBERS)}",
        f"++{key}.a.b.c={draw.choice(VALUES)}", f"{key}[0]=1", f"'{key}'=1", f"{key}@x=1", f"{key}:x=1",
    ]  # fmt: skip
    chosen = draw.choice(forms)
    return [*group, chosen, *draw.choice([[], [chosen], [f"{key}=2"]])]


def _group(draw: random.Random, _: Known) -> Line:
    return [f"{draw.choice(['', '', '', '+', '~'])}{draw.choice(GROUPS)}={draw.choice(CHOICES)}"]


def _target(draw: random.Random, known: Known) -> Line:
    node, target = draw.choice(NODES), draw.choice(TARGETS)
    proof = f"{known.folder}/work/proof"
    extra = draw.choice([[], [f"++{node}.command='touch {proof}'"], [f"++{node}._args_=[{proof}]"]])
    extra += draw.choice([[], [], [f"++{node}._partial_=true"], [f"++{node}._convert_=nope"]])
    return [f"++{node}._target_={target}", *extra]


def _hydra(draw: random.Random, known: Known) -> Line:
    form = draw.choice(HYDRA).format(folder=known.folder, long="x" * 400)
    return [*draw.choice([[], [], ["-m"]]), form]


def _setting(draw: random.Random, known: Known) -> Line:
    return [f"{draw.choice(['', '++', '~'])}{draw.choice(known.settings)}={draw.choice(VALUES)}"]


def _flags(draw: random.Random, _: Known) -> Line:
    form = draw.choice(FLAGS)
    return [form] if not form.strip() else form.split(" ")


def _sweep(draw: random.Random, known: Known) -> Line:
    line = ["-m", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=2", "hydra.sweeper.dry_run=true"]
    key = draw.choice([*(key for key, _ in known.numbers), "seed", "model.estimator.C", "split.n_folds", "model"])
    setting = draw.choice([one for one in known.settings if one.startswith("hydra.sweeper.")])
    kind = draw.choice(["hydra/sweeper/sampler", "hydra/sweeper/pruner", "hydra/launcher"])
    changed = draw.choice([
        f"++{key}={draw.choice(SPACES)}",
        f"{setting}={draw.choice([*NUMBERS, *VALUES])}",
        f"{setting}={draw.choice([*NUMBERS, *VALUES])}",
        f"{kind}={draw.choice(['nope', 'null', 'tpe', 'random', 'grid', 'nop', '', 'cmaes', 'joblib'])}",
        f"hydra.sweeper.params={{{key}:'{draw.choice(SPACES)}'}}",
        f"++model.search_space={draw.choice(VALUES)}",
        f"++model.search_space.estimator.C={draw.choice([*SPACES, *VALUES])}",
        f"objective.metric={draw.choice(['cv_accuracy', 'holdout_accuracy', '[cv_brier,cv_ece]', 'nope'])}",
    ]).replace("{{", "{").replace("}}", "}")  # fmt: skip
    return [*line, changed]


def _gate(draw: random.Random, known: Known) -> Line:
    keys = sorted({key for key, _ in known.places if key.startswith("gate.")})
    gate = draw.choice(["default", "strict", "off"])
    key, value = draw.choice([*keys, "gate.nope"]), draw.choice([*NUMBERS, *VALUES])
    require = draw.choice([[], ["gate.require=true"]])
    return ["mode=train", "features=raw", f"gate={gate}", *require, f"++{key}={value}"]


def _characters(_: random.Random, __: Known) -> Line:
    return []


def _garbled(draw: random.Random, argument: str) -> str:
    """Return an argument with characters changed, added or dropped."""
    text = list(argument)
    for _ in range(draw.choice([1, 1, 2, 6])):
        place = draw.randrange(len(text) + 1)
        end = place + draw.choice([0, 0, 1])
        text[place:end] = draw.choice([*string.punctuation, " ", "\n", "é", "🚀", "\u202e", "a"])
    return "".join(text)


def _leaves(node: DictConfig | ListConfig, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the dotted keys of a config that hold no further node, with their values."""
    plain = OmegaConf.to_container(node, resolve=False)
    waiting = [(prefix, plain)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict) and value:
            waiting += [(f"{name}.{key}".lstrip("."), inner) for key, inner in value.items()]
        else:
            yield name, value


KINDS: dict[str, Mutation] = {
    "values": _value,
    "numbers": _number,
    "null": _null,
    "keys": _key,
    "groups": _group,
    "targets": _target,
    "gates": _gate,
    "hydra": _hydra,
    "hydra's settings": _setting,
    "flags": _flags,
    "sweeps": _sweep,
    "characters": _characters,
}
