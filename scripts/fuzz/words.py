"""Vocabulary of bad input: cells, values, targets, settings, limits, flags, search spaces."""

NASTY = (
    "", " ", "nan", "NaN", "NA", "None", "null", "inf", "-inf", "Infinity", "1e400", "-1e400",
    "1e15", "1e16", "1e300", "-1", "-0", "0", "0.0", "1", "1.0", "1e-320", "99999999999999999999",
    "9" * 400, "0x1F", "1_000", "1,5", "1 000", "12abc", "True", "true", "FALSE", "yes", "T", "2",
    "1j", "#REF!", "=1+1", '=cmd|"/C calc"!A0', "@SUM(A1)", "'; DROP TABLE runs; --", "../../etc",
    "🚀", "é", "e\u0301", "\u202eabc", "\ufeff", "\u00a0", "\u2028", "\x1b[31m", "\x07", "\x1a",
    "a\nb", "a\r\nb", '"', '""', "'", ",", ";", "\\", "\\N", "{}", "${seed}", "%s", "<b>",
    "x" * 5000, "x" * 140_000, "0001_01", "_", "0001", "0001_", "_01", "1_1", "-1_01", "٣_٣",
    "0001_01_02", "B/0/P", "B/0", "B//P", "//", "B/-1/P", "B/1e9/P", "B/" + "9" * 30 + "/P",
    "B/٣/P", "b/0/p", "Earth", "EARTH", " Earth ", "Mars\t", "55 Cancri e", "1970-01-01",
    "24 years", "\uff11\uff12", "½",
)  # fmt: skip
NUMBERS = (
    "0", "-1", "1", "2", "-0", "0.5", "1.5", "-0.5", "1e400", "-1e400", "nan", "-.nan", "inf",
    "-inf", "1000000000000000000000000000000", "4294967296", "9223372036854775808", "1e-320",
    "0x10", "1_0", "007",
)  # fmt: skip
VALUES = (
    "null", "", "''", '""', "' '", "true", "false", "yes", "[]", "{}", "[1,2]", "[[1],[2]]",
    "[null]", "{a:1}", "{a:{b:[1,{c:null}]}}", "{_target_:os.system}", "text", "'a b'", '"a,b"',
    "é", "🚀", "'\u202e'", "${seed}", "${nope}", "${a.b.c}", "${.self}",
    "${oc.env:NOT_THERE_AT_ALL}", "${oc.env:HOME}", "${nope:1}", "${oc.decode:'['}",
    "${oc.select:nope}", "${now:%Y}", "${abspath:x}", "${cores:}", "${project_root:}", "${", "$",
    "${}", "???", "'???'", "int('a')", "range(1,3)", "choice(1,2)", "interval(0,1)", "glob(*)",
    "sort(1,2)", "1,2", "a,b", ",", "/dev/null", "../../..", "~", "-", "x" * 300, "x" * 5000,
    "'" + "🚀" * 200 + "'", "%", "*", "\\", "\\n", "a\nb", "a\tb", "@", "#", "!!python/object:os",
)  # fmt: skip
TARGETS = (
    "os.system", "builtins.eval", "builtins.exec", "builtins.open", "joblib.load", "pickle.loads",
    "pandas.read_pickle", "subprocess.run", "subprocess.Popen", "shutil.rmtree",
    "importlib.import_module", "sklearn.utils.fixes.os.system", "sklearn.externals.nope",
    "spaceship.config.resolvers.os.system", "spaceship.nope.Nope", "spaceship.config.build.build",
    "spaceship.data.cache.shutil.rmtree", "spaceship.data.csv_reader.read_csv", "spaceship",
    "spaceship.files.write_atomically", "spaceship.mode.train.train",
    "spaceship.model.blend.Blend", "spaceship.features.raw.RawFeatures",
    "spaceship.data.local.LocalData", "spaceship.gate.strict.StrictGate",
    "lightgbm.LGBMClassifier", "lightgbm.LGBMRegressor", "lightgbm.basic.os.system",
    "lightgbm.Booster", "sklearn.linear_model.LinearRegression", "sklearn.cluster.KMeans",
    "sklearn.svm.SVC", "sklearn.svm.LinearSVC", "sklearn.dummy.DummyClassifier",
    "sklearn.base.BaseEstimator", "sklearn.preprocessing.StandardScaler",
    "sklearn.pipeline.Pipeline", "sklearn.datasets.fetch_openml",
    "sklearn.neighbors.KNeighborsClassifier", "sklearn.naive_bayes.GaussianNB",
    "sklearn.ensemble.VotingClassifier", "optuna.samplers.TPESampler",
    "catboost.CatBoostClassifier", "xgboost.XGBClassifier", "sklearn", "sklearn.", ".", "", "..",
    "os", "1", "a b",
)  # fmt: skip
HYDRA = (
    "hydra.run.dir={folder}/elsewhere", "hydra.run.dir=''", "hydra.run.dir=null",
    "hydra.run.dir={folder}/data/train.csv", "hydra.run.dir=/dev/null/x", "hydra.run.dir=/proc/x",
    "hydra.run.dir=.", "hydra.run.dir=${{nope}}", "hydra.run.dir={long}", "hydra.sweep.dir=''",
    "hydra.sweep.subdir=../x", "hydra.sweep.subdir=same", "hydra.sweep.subdir=null",
    "hydra.job.name=../../x", "hydra.job.name=''", "hydra.job.name=null", "hydra.job.name={long}",
    "hydra.job.chdir=true", "hydra.job.chdir=null", "hydra.output_subdir=null",
    "hydra.output_subdir=''", "hydra.output_subdir=../x", "hydra.output_subdir=report.json",
    "hydra.mode=MULTIRUN", "hydra.mode=X", "hydra.mode=null", "hydra.verbose=true",
    "hydra.verbose=[a,b]", "hydra.verbose={{a:1}}", "hydra/launcher=basic",
    "hydra/launcher=joblib", "hydra/launcher=nope", "hydra/sweeper=basic", "hydra/sweeper=nope",
    "hydra/job_logging=none", "hydra/job_logging=disabled", "hydra/job_logging=default",
    "hydra/job_logging=nope", "hydra/hydra_logging=none", "hydra/hydra_logging=disabled",
    "hydra.callbacks=null", "~hydra.callbacks.mlflow", "~hydra/callbacks", "hydra/callbacks=nope",
    "hydra/callbacks=null", "hydra.callbacks.mlflow._target_=os.system",
    "hydra.callbacks.mlflow._target_=nope", "+hydra.callbacks.x._target_=nope.X",
    "hydra.searchpath=[file:///nowhere]", "hydra.searchpath=[nope]", "hydra.searchpath=x",
    "hydra.searchpath=null", "hydra.job.env_set={{A:1}}", "hydra.job.env_set={{A:null}}",
    "hydra.job.env_copy=[HOME]", "hydra.job.config={{}}", "hydra.job_logging=null",
    "hydra.job_logging.version=9", "hydra.job_logging.root.level=NOPE",
    "hydra.job_logging.root=null", "hydra.job_logging.handlers.file.filename=/dev/null/x",
    "hydra.job_logging.handlers.console.class=nope.X",
    "hydra.job_logging.formatters.plain.format='%(nope)s'", "hydra.hydra_logging=null",
    "hydra.hydra_logging.root.level=1.5", "hydra.runtime.output_dir=x", "hydra.runtime=null",
    "hydra.overrides.task=[a]", "hydra=null", "hydra=nope", "hydra={{}}", "~hydra",
    "hydra.sweeper=null", "hydra.launcher=null", "hydra.job=null", "hydra.run=null",
    "hydra.help.template=x", "hydra.sweeper.params={{seed:'1,2'}}", "+hydra.nope=1",
    "hydra.nope=1", "hydra.job.num=x", "hydra.job.id=1",
)  # fmt: skip
FLAGS = (
    "--cfg job", "--cfg nope", "--cfg", "--cfg all --resolve", "--cfg hydra", "--resolve",
    "--help", "--hydra-help", "--version", "--info", "--info nope", "--info all",
    "--info defaults-tree", "--info searchpath", "--package hydra --cfg job",
    "--package nope --cfg job", "--config-name nope", "--config-name=", "--config-path nope",
    "--config-path /nowhere", "--config-dir nope", "--config-dir .", "-cd data", "-m",
    "--multirun", "-m -m", "-s", "-sc install=bash", "-sc nope", "--shell-completion", "--run",
    "-r -m", "-x", "--nope", "-", "--", "-- seed=1", "=", "==", "=1", "seed", "seed=", "+", "++",
    "~", "~~seed", "+=1", "seed==1", "seed:=1", "@=1", "a@b=c", "model@=lgbm", "model@x=lgbm",
    "+model@x.y=lgbm", "hydra", "🚀=1", "-1", "--experimental-rerun nope", "--experimental-rerun",
    "seed =1", " ", "\t", "mode", "mode.train", "mode train",
)  # fmt: skip
SPACES = (
    "interval(0,1)", "interval(1,0)", "interval(0,0)", "interval(a,b)", "int(interval(1,3))",
    "int(interval(-5,5))", "tag(log,interval(0,1))", "tag(log,interval(-1,1))",
    "tag(log,interval(0.1,1))", "range(1,5)", "range(5,1)", "range(1,5,0)", "choice()",
    "choice(1)", "choice(1,1)", "choice(a,1,null)", "choice([1,2],{{a:1}})", "glob(*)",
    "glob(nope)", "1,2,3", "1,", "shuffle(1,2)", "sort(3,1)", "interval(nan,1)", "interval(0,inf)",
    "interval(0,1e400)", "float(interval(1,2))", "str(interval(1,2))",
    "interval(0,1),interval(1,2)", "tag(x)", "tag(log,choice(1,2))", "null", "''", "[]", "text",
    "1.5",
)  # fmt: skip
LIMITS = (
    "gate.budget", "gate.reveal", "gate.reseal", "hydra.sweeper.trial_timeout", "clean.dry_run",
    "clean.versions", "clean.days", "inference.overwrite", "data.on_leak",
)  # fmt: skip
CAUTIONS = ("always", "ladder", "warn", "fail", "true", "false", "10", "0")
GROUPS = (
    "mode", "model", "features", "gate", "data", "tracking", "experiment", "local", "hydra",
)  # fmt: skip
CHOICES = (
    "nope", "", "null", "[]", "[lgbm]", "[lgbm,catboost]", "{}", "{a:1}", "1", "true", "LGBM",
    "lgbm.yaml", "../model/lgbm", "/etc/passwd", "raw", "full", "baseline", "strict", "off",
    "server", "sqlite", "predecessor", "clean", "kaggle", "local", "synthetic", "default", "lgbm",
    "tabpfn", "xgboost",
    "champion", "blend", "inference", "catboost_strict", "é", "🚀", "${model}", "${oc.env:NOPE}",
    "'a b'", "lgbm,nope", "?", "*", "_self_", "x" * 300,
)  # fmt: skip
SMALL = {
    "model=lgbm": ("model.estimator.n_estimators=5",),
    "model=xgboost": ("model.estimator.n_estimators=5",),
    "model=random_forest": ("model.estimator.n_estimators=5",),
    "model=catboost": ("model.estimator.iterations=5",),
    "model=hist_gradient_boosting": ("model.estimator.max_iter=5",),
    "model=blend": (
        "model.n_folds=2",
        "model.members.catboost.estimator.iterations=5",
        "model.members.lgbm.estimator.n_estimators=5",
    ),
    "model=champion": (
        "model.fallback.members.catboost.estimator.iterations=5",
        "model.fallback.members.lgbm.estimator.n_estimators=5",
    ),
    "data=synthetic": ("data.n_groups=150",),
}
"""Settings that make a chosen model or data set cheap; a mutated setting comes after them."""
