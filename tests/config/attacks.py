"""Contents of YAML files that try to run or to write something, by what each tries."""

TRAP = "_target_: joblib.load, filename: PICKLE"
READ = "_target_: pandas.read_pickle, filepath_or_buffer: PICKLE"
NUMPY = "_target_: numpy.load, file: PICKLE, allow_pickle: true"
WRITE = "_target_: spaceship.experiment.write_json, path: CANARY, content: {a: 1}"
FILES = "_target_: spaceship.files.write_json, path: CANARY, content: {a: 1}"
LOG = "_target_: logging.FileHandler, filename: CANARY"
STUDY = "_target_: optuna.storages.RDBStorage, url: 'sqlite:///CANARY'"

OF_CONFIG = {
    "a callback that unpickles": f"hydra: {{callbacks: {{x: {{{TRAP}}}}}}}",
    "pandas' pickles": f"hydra: {{callbacks: {{x: {{{READ}}}}}}}",
    "numpy's pickles": f"hydra: {{callbacks: {{x: {{{NUMPY}}}}}}}",
    "a callback in place of ours": f"hydra: {{callbacks: {{mlflow: {{{TRAP}}}}}}}",
    "a list of callbacks": f"hydra: {{callbacks: {{x: {{a: [{{{TRAP}}}]}}}}}}",
    "a callback elsewhere": f"x: {{{TRAP}}}\nhydra: {{callbacks: {{x: '${{x}}'}}}}",
    "a target elsewhere": "x: joblib.load\nhydra: {callbacks: {x: {_target_: '${x}', filename: "
    "PICKLE}}}",
    "a target in pieces": "hydra: {callbacks: {x: {_target_: 'joblib.${oc.select:nope,load}', "
    "filename: PICKLE}}}",
    "a callback that pickles": "hydra: {callbacks: {x: {_target_: "
    "hydra.experimental.callbacks.PickleJobInfoCallback}}}",
    "a file by a callback": f"hydra: {{callbacks: {{x: {{{WRITE}}}}}}}",
    "a log handler that writes": f"hydra: {{callbacks: {{x: {{{LOG}}}}}}}",
    "a callback with the loggers off": "defaults: [override /hydra/hydra_logging: disabled, "
    f"override /hydra/job_logging: none]\nhydra: {{callbacks: {{mlflow: {{{TRAP}}}}}}}",
    "a factory of handlers": "hydra: {job_logging: {handlers: {x: {'()': joblib.load, filename: "
    "PICKLE}}}}",
    "an open of handlers": "hydra: {job_logging: {handlers: {x: {'()': logging.io.open, file: "
    "CANARY, mode: w}}}}",
    "a factory of Hydra's handlers": "hydra: {hydra_logging: {handlers: {x: {'()': joblib.load, "
    "filename: PICKLE}}}}",
    "a factory of formatters": "hydra: {job_logging: {formatters: {x: {'()': pandas.read_pickle, "
    "filepath_or_buffer: PICKLE}}}}",
    "a class of formatters": "hydra: {job_logging: {formatters: {x: {class: joblib.load, format: "
    "PICKLE}}}}",
    "a factory of filters": "hydra: {job_logging: {filters: {x: {'()': joblib.load, filename: "
    "PICKLE}}}}",
    "a log file anywhere": "hydra: {job_logging: {handlers: {file: {filename: CANARY}}}}",
    "a new log file": "hydra: {job_logging: {handlers: {x: {class: logging.FileHandler, filename: "
    "CANARY}}}}",
    "an import by logging": "hydra: {job_logging: {handlers: {console: {stream: 'ext://"
    "antigravity.x'}}}}",
    "a launcher": f"hydra: {{launcher: {{{TRAP}}}}}",
    "commands of a cluster": "defaults: [override /hydra/launcher: submitit_slurm]\n"
    "hydra: {mode: MULTIRUN, launcher: {setup: [touch CANARY]}}",
    "a cluster of an engine": "defaults: [override /engine: ray]\nengine: {address: 'CANARY:1'}",
    "a cluster of a launcher": "defaults: [override /hydra/launcher: ray]\n"
    "hydra: {mode: MULTIRUN, launcher: {address: 'CANARY:1'}}",
    "a sweeper": "hydra: {sweeper: {_target_: joblib.load}, mode: MULTIRUN}",
    "a sampler": "defaults: [override /hydra/sweeper: optuna]\n"
    f"hydra: {{sweeper: {{sampler: {{{TRAP}}}}}, mode: MULTIRUN}}",
    "a pruner of a pruner": "defaults: [override /hydra/sweeper: optuna]\n"
    f"hydra: {{sweeper: {{pruner: {{_target_: optuna.pruners.PatientPruner, x: {{{TRAP}}}}}}}}}",
    "a storage": "defaults: [override /hydra/sweeper: optuna]\n"
    f"hydra: {{sweeper: {{storage: {{{STUDY}}}}}, mode: MULTIRUN}}",
    "a study elsewhere": "defaults: [override /hydra/sweeper: optuna]\n"
    "hydra: {sweeper: {storage: CANARY.journal}, mode: MULTIRUN}",
    "a function of a search": "defaults: [override /hydra/sweeper: optuna]\n"
    "hydra: {mode: MULTIRUN, sweeper: {custom_search_space: os.system}}",
    "overrides of jobs": "hydra: {mode: MULTIRUN, sweeper: {params: {hydra.run.dir: CANARY}}}",
    "a space of Hydra's keys": "space: {hydra: {output_subdir: 'choice(CANARY,x)'}}\nhydra: {mode: "
    "MULTIRUN, sweeper: {search_space: space}}",
    "an environment": "hydra: {job: {env_set: {PATH: 'FOLDER/bin'}}}",
    "a run's folder": "hydra: {run: {dir: CANARY}}",
    "a subfolder": "hydra: {output_subdir: ../../../../../canary}",
    "a job's name": "hydra: {job: {name: ../../../../../canary}}",
    "forged overrides": "hydra: {overrides: {hydra: [hydra.run.dir=CANARY]}}",
    "outputs elsewhere": "paths: {outputs: CANARY}",
    "predictions elsewhere": "inference: {output: CANARY}\nmode: {_target_: spaceship.mode.train}",
    "predictions sent away": "inference: {submit: true, output: CANARY}",
    "a history elsewhere": "history: {output: CANARY.csv}",
    "a list of runs elsewhere": "leaderboard: {output: CANARY.csv}",
    "a comparison elsewhere": "compare: {output: CANARY.md}",
    "a page elsewhere": "report: {output: CANARY.html}",
    "a run made again elsewhere": "reproduce: {output: CANARY}",
    "a task replaced": "defaults: [override /mode: init]\ntask: {label: a, overwrite: true}",
    "a download": "defaults: [override /model: tabicl]\n"
    "model: {estimator: {download: true, weights: CANARY}}",
    "borders of CatBoost": "defaults: [override /model: catboost]\n"
    "model: {estimator: {output_borders: CANARY}}",
    "a database elsewhere": "tracking: {uri: 'sqlite:///CANARY'}",
    "a model": f"model: {{estimator: {{{TRAP}}}}}",
    "a data source": f"data: {{{READ}}}",
    "features": f"features: {{{NUMPY}}}",
    "a gate": f"gate: {{{WRITE}}}",
    "a rule of the gate": f"gate: {{rules: {{x: {{{FILES}}}}}}}",
    "a part of a model": f"model: {{estimator: {{C: {{{TRAP}}}}}}}",
    "a partial part": f"model: {{estimator: {{C: {{{TRAP}, _partial_: true}}}}}}",
    "a list in a model": f"model: {{estimator: {{C: [1, [{{{TRAP}}}]]}}}}",
    "a key nobody reads": f"x: {{y: [{{{TRAP}}}]}}",
    "an import of an allowed module": "x: {_target_: sklearn.utils.validation.joblib.load, "
    "filename: PICKLE}",
    "another import": "x: {_target_: sklearn.base.np.load, file: PICKLE, allow_pickle: true}",
    "a storage in a model": f"model: {{estimator: {{C: {{{STUDY}}}}}}}",
    "a handler in a model": f"model: {{estimator: {{C: {{{LOG}}}}}}}",
    "a cache of pickles": "x: {_target_: sklearn.pipeline.Pipeline, steps: [], memory: FOLDER}",
    "a socket": "x: {_target_: xgboost.tracker.RabitTracker, n_workers: 1, host_ip: 127.0.0.1}",
    "a verb that moves": "mode: {_target_: spaceship.mode.promote.promote}",
    "a forced champion": "gate: {force: true}",
    "a tag of YAML": "x: !!python/object/apply:os.mkdir [CANARY]",
    "a folder of CatBoost": "model: {estimator: {allow_writing_files: true}}",
    "a verb": "mode: {_target_: spaceship.files.write_json}",
    "a verb of others": "mode: {_target_: joblib.load}",
}
"""Contents of a YAML file, by what it tries; PICKLE makes CANARY, which must not be there."""
