"""Canaries: values of the environment that go through every route and arrive nowhere."""

import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.commands import QUICK, QUICK_MODEL, ROOT, Shell
from tests.ray_cluster import needs_ray

CANARIES = {
    "CANARY": "hush-hush/4711@x",
    "CANARY_WORDS": "two words, of 'mine' & é",
    "CANARY_PIN": "86753091",
    "CANARY_YAML": "{user: me, password: hunter-two-two}",
    "CANARY_URL": "postgresql://me:p@ss/w0rd:z@127.0.0.1:9/db",
    "CANARY_DSN": "host=127.0.0.1 port=9 password=dsn-pass-77",
    "CANARY_LINES": "-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\n-----END KEY-----",
}
LEAKS = (
    *("hush-hush/4711@x", "two words, of", "86753091", "hunter-two-two", "p@ss/w0rd", "ss/w0rd:z"),
    *("dsn-pass-77", "MIIEowIBAAKCAQEA"),
)
"""Texts that must be nowhere, as they are and as a URI writes them."""
TRAIN = ("mode=train", *QUICK, QUICK_MODEL)
C = "${oc.env:CANARY}"
LOGGED = [
    f"+note={C}",
    "+words=${oc.env:CANARY_WORDS}",
    "+pin=${oc.env:CANARY_PIN}",
    '+number="${oc.decode:${oc.env:CANARY_PIN}}"',
    "+yaml=${oc.env:CANARY_YAML}",
    '+decoded="${oc.decode:${oc.env:CANARY_YAML}}"',
    "+url=${oc.env:CANARY_URL}",
    "+dsn=${oc.env:CANARY_DSN}",
    "+lines='${oc.env:CANARY_LINES}'",
    f"+deep.a.b=[1,[x,{C}]]",
    f"+part=before-{C}-after",
    f'+default="${{oc.env:NOT_THERE_AT_ALL,{C}}}"',
    "+name=CANARY",
    '+named="${oc.env:${name}}"',
    "+other=${note}",
    "+whole=${deep}",
    '+path="${abspath:${oc.env:CANARY}}"',
    "+selected=${oc.select:note,x}",
    f"reason='see {C}'",
    '+uri="https://me:${oc.env:CANARY}@host/x?token=${oc.env:CANARY}"',
    "hydra.job.env_copy=[CANARY_WORDS]",
    "+hydra.job.env_set.MINE=${oc.env:CANARY}",
    f"hydra.help.footer={C}",
]
"""Overrides of one command that succeeds."""
FAILING = [
    ["seed=${oc.env:CANARY}"],
    ["split.n_folds=${oc.env:CANARY_PIN}"],
    ["threshold=${oc.env:CANARY_WORDS}"],
    ["inference.on_drift=${oc.env:CANARY}"],
    ["objective.metric=${oc.env:CANARY}"],
    ["objective.metric=[cv_log_loss,${oc.env:CANARY}]"],
    ["data.n_groups=${oc.env:CANARY}"],
    ["data=local", "data.dir=/${oc.env:CANARY}"],
    ["data=sql", "data.url=${oc.env:CANARY}"],
    ["data=sql", "data.url=${oc.env:CANARY_URL}"],
    ["data=sql", "data.url=postgresql://me:hush-hush/4711@x@127.0.0.1:9/db"],
    ["tracking=server", "tracking.uri=${oc.env:CANARY_URL}"],
    ["tracking=server", "tracking.uri=http://127.0.0.1:9/${oc.env:CANARY}"],
    ["tracking.uri=postgresql://me:hush-hush/4711@x@127.0.0.1:9/db"],
    ["tracking.uri='postgresql://127.0.0.1:9/db?password=hush-hush/4711@x'"],
    ["tracking.experiment=${oc.env:CANARY}"],
    ["model.estimator.C=${oc.env:CANARY}"],
    ["+model.estimator.class_weight={a:'${oc.env:CANARY_WORDS}'}"],
    ["+features.x=${oc.env:CANARY}"],
    ["gate.floor.minimum=${oc.env:CANARY}"],
    ["+task.note=${oc.env:CANARY}"],
    ["task.label=${oc.env:CANARY}"],
    ["split.salt=${oc.env:CANARY}"],
    ["mode=${oc.env:CANARY}"],
    ["mode._target_=${oc.env:CANARY}"],
    ["data._target_=${oc.env:CANARY}"],
    ["data._target_=sklearn.${oc.env:CANARY}"],
    ["hydra.launcher._target_=${oc.env:CANARY}"],
    ["hydra.job_logging.root.level=${oc.env:CANARY}"],
    ["-m", "hydra/sweeper=optuna", "hydra.sweeper.storage=${oc.env:CANARY_URL}"],
    ["-m", "hydra/sweeper=optuna", "hydra.sweeper.direction=${oc.env:CANARY}"],
    ["-m", "hydra/sweeper=optuna", "hydra.sweeper.sampler.seed=${oc.env:CANARY}", "seed=1,2"],
    ["-m", "seed=1,${oc.env:CANARY}"],
    ["-m", "hydra/sweeper=optuna", "hydra.sweeper.study_name=${oc.env:CANARY_PIN}"],
    ["mode=history", "history.at=${oc.env:CANARY}"],
    ["mode=history", "history.output=/proc/${oc.env:CANARY}.csv"],
    ["mode=inference", "inference.input=/${oc.env:CANARY}.csv"],
]
SHOWN = [
    ["--cfg", "job", "--resolve", f"+note={C}", '+pin="${oc.decode:${oc.env:CANARY_PIN}}"'],
    ["--cfg", "job", "--package", "note", f"+note={C}"],
    [
        "--cfg",
        "all",
        "--resolve",
        "+words=${oc.env:CANARY_WORDS}",
        "+lines='${oc.env:CANARY_LINES}'",
    ],
    ["--help", "--resolve", f"+note={C}"],
    ["--info", "config", f"+note={C}"],
]


def leaks(text: str | bytes) -> list[str]:
    """Return the canaries in a text."""
    data = text.encode() if isinstance(text, str) else text
    forms = {form: one for one in LEAKS for form in (one, quote(one), quote(one, safe=""))}
    return sorted({one for form, one in forms.items() if form.encode() in data})


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Return the name and the bytes of each file in a folder, and of each within its archives."""
    for path in sorted(folder.rglob("*")):
        yield str(path), str(path).encode()
        if path.is_file():
            data = path.read_bytes()
            yield str(path), data
            if zipfile.is_zipfile(BytesIO(data)):
                archive = zipfile.ZipFile(BytesIO(data))
                yield from ((f"{path}:{name}", archive.read(name)) for name in archive.namelist())


def assert_silent(shell: Shell, status: int, *line: str, **environment: str) -> None:
    """Run a command with the canaries in its environment; none of them gets out of it."""
    done = shell(*line, **CANARIES, **environment)
    assert done.returncode == status, leaks(done.stderr) or done.stderr
    assert leaks(done.stdout) == []
    assert leaks(done.stderr) == []
    found = {name: leaks(data) for name, data in contents(shell.outputs)}
    assert {name: all_ for name, all_ in found.items() if all_} == {}


@pytest.mark.parametrize("line", FAILING, ids=" ".join)
def test_no_message_of_a_failure_tells_a_canary(shell: Shell, line: list[str]) -> None:
    flags, own = (line[:1], line[1:]) if line[0] == "-m" else ([], line)
    assert_silent(shell, 2, *flags, *TRAIN, *own)


@pytest.mark.parametrize("line", SHOWN, ids=" ".join)
def test_no_config_that_is_shown_tells_a_canary(shell: Shell, line: list[str]) -> None:
    assert_silent(shell, 0, *line)


def test_no_run_keeps_a_canary(shell: Shell) -> None:
    assert_silent(shell, 0, *TRAIN, *LOGGED)


@pytest.mark.parametrize(
    "launcher", ["joblib", "submitit_local", pytest.param("ray", marks=needs_ray)]
)
def test_no_worker_keeps_a_canary(shell: Shell, launcher: str) -> None:
    line = ["-m", f"hydra/launcher={launcher}", *TRAIN, "seed=${oc.env:CANARY}", "+x=1,2"]
    assert_silent(shell, 2, *line, PYTHONPATH=str(ROOT))


def test_a_canary_that_gets_out_is_noticed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.skops", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", CANARIES["CANARY_PIN"] * 20)
    assert [leaks(data) for _, data in contents(tmp_path)][-1] == ["86753091"]
    assert leaks(quote(CANARIES["CANARY"], safe="")) == ["hush-hush/4711@x"]


def test_no_sweep_keeps_a_canary(shell: Shell) -> None:
    of_sweep = ["-m", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=2", "seed=1,2"]
    assert_silent(shell, 0, *of_sweep, *TRAIN, *LOGGED)
