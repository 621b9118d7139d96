"""`mode=init` writes a page that a person reads and the next command takes."""

import gzip
import logging
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser

from spaceship.config.installation import configs, program_anywhere
from spaceship.config.nodes import Nodes
from spaceship.config.resolvers import register_resolvers
from spaceship.data.table_reader import read_table
from spaceship.errors import SpaceshipError
from spaceship.experiment import Experiment
from spaceship.mode.init import init
from spaceship.task.raw_frame import typed
from spaceship.task.task import Task


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def propose(*overrides: str) -> Task:
    """Run the mode on composed overrides; return the task that it has written."""
    register_resolvers()
    with initialize_config_dir(str(configs()), version_base="1.3"):
        nodes = Nodes(compose("config", ["mode=init", *overrides]))
    init(cast(Experiment, SimpleNamespace(nodes=nodes, overrides=overrides)))
    newest = max(Path("configs/task").glob("*.yaml"), key=lambda path: path.stat().st_mtime_ns)
    return Task.read(yaml.safe_load(newest.read_text(encoding="utf-8")))


def customers(rows: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "customer_id": [f"C{n}" for n in range(rows)],
            "tenure": rng.integers(0, 72, rows),
            "plan": rng.choice(["Basic", "Gold"], rows),
            "churn": rng.choice(["yes", "no"], rows),
        }
    )


def folder_of(train: pd.DataFrame, test: pd.DataFrame | None = None, name: str = "shop") -> Path:
    folder = Path(name)
    folder.mkdir()
    train.to_csv(folder / "train.csv", index=False)
    if test is not None:
        test.to_csv(folder / "test.csv", index=False)
    return folder


def last_command(caplog: pytest.LogCaptureFixture) -> list[str]:
    [line] = [one.getMessage() for one in caplog.records if "Next: " in one.getMessage()]
    return shlex.split(line.partition("\n")[2])


def test_a_folder_becomes_a_task(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    folder = folder_of(customers(), customers().drop(columns="churn").assign(customer_id="x"))
    task = propose("data.dir=shop", "task.label=churn", "task.problem=binary")
    assert (task.name, task.label, task.positive) == ("shop", "churn", "yes")
    assert task.files.model_dump() == {"train": "train.csv", "test": "test.csv", "sample": None}
    assert [*typed(read_table(folder / "train.csv"), task.raw)]
    assert last_command(caplog) == [*shlex.split(program_anywhere()), "task=shop", "data.dir=shop"]
    title, origin, *_ = Path("configs/task/shop.yaml").read_text(encoding="utf-8").splitlines()
    assert title == "# Task shop."
    assert "train.csv (40 rows, 4 columns) and test.csv (40 rows, 3 columns)." in origin


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "csv.zip", "parquet", "tsv"])
def test_a_file_becomes_a_task(ending: str) -> None:
    path = Path(f"churn.{ending}")
    if ending == "parquet":
        customers().to_parquet(path)
    else:
        customers().to_csv(path, index=False, sep="\t" if ending == "tsv" else ",")
    task = propose(f"data.train=churn.{ending}", "task.label=churn")
    assert (task.name, task.id, task.noun) == ("churn", "customer_id", "customer")
    assert {name: one.type.value for name, one in task.features.items()} == {
        "tenure": "number",
        "plan": "category",
    }


def test_the_only_table_of_a_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    customers().to_csv("a/customers 2024.csv", index=False)
    (tmp_path / "a" / "notes.md").touch()
    task = propose("data.dir=a", "task.label=churn", "task.name=mine")
    assert (task.name, task.files.train, task.files.test) == ("mine", "customers 2024.csv", None)


@pytest.mark.parametrize(
    "name", ["a b", "it's, [odd] {x}=1", 'say "${HOME}"', "2024", "café", "a$b"]
)
def test_the_next_command_is_read_back_by_shell_and_hydra(
    caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.INFO)
    folder_of(customers(), name=name)
    quoted = name.replace("${", "\\${").replace("'", "\\'")
    propose(f"data.dir='{quoted}'", "task.label=churn", "task.name=odd")
    [override] = OverridesParser.create().parse_overrides(last_command(caplog)[-1:])
    assert str(override.value()).replace("\\${", "${") == name


def test_roles_are_taken_from_the_command_line() -> None:
    frame = customers().assign(house=[f"h{n // 2}" for n in range(40)], since="2024-01-05")
    frame.loc[3, "since"] = "2024-02-01"
    folder_of(frame)
    roles = ["task.group=house", "task.time=since", "task.id=customer_id"]
    task = propose("data.dir=shop", "task.label=churn", *roles)
    assert (task.group and task.group.of, task.group_noun) == ("house", "house")
    assert (task.time, task.id, "house" in task.columns) == ("since", "customer_id", False)


def test_a_page_is_replaced_only_on_demand() -> None:
    folder_of(customers())
    propose("data.dir=shop", "task.label=churn")
    page = Path("configs/task/shop.yaml")
    page.write_text("mine")
    with pytest.raises(SpaceshipError, match=r"found one; .* replace it with task.overwrite=true"):
        propose("data.dir=shop", "task.label=churn")
    assert page.read_text() == "mine"
    assert propose("data.dir=shop", "task.label=plan", "task.overwrite=true").label == "plan"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["task.label=churn"], "expected data.dir=DIR or data.train=FILE, found neither"),
        (["data.dir=nowhere", "task.label=churn"], "to be a folder, found nothing there"),
        (["data.train=none.csv", "task.label=churn"], "none.csv: expected .*, found no such file"),
        (["data.dir=shop"], "expected the column to predict, found none; give task.label=COLUMN"),
        (["data.dir=shop", "task.label=churm"], r"found 'churm' \(is 'churn' meant\?\)"),
        (["data.dir=shop", "task.label=churn", "task.name=a/b"], "task.name to be the name of a f"),
        (["data.dir=shop", "task.label=churn", "task.problem=both"], "task.problem"),
        (
            ["data.dir=shop", "task.label=churn", "data.test=shop/train.csv"],
            "found data.test alone",
        ),
        (["data.dir=two", "task.label=churn"], r"found a.csv, b.csv; give one .* data.train=FILE"),
        (["data.train=ragged.csv", "task.label=b"], r"line 3 \(1 fields\)"),
        (["data.train=empty.csv", "task.label=b"], "an empty file"),
        (["data.train=header.csv", "task.label=b"], "in 0 rows, found no value"),
        (["data.train=one.csv", "task.label=a"], "expected several columns"),
        (["data.train=text.parquet", "task.label=a"], "expected a whole Parquet file"),
    ],
)
def test_what_cannot_be_used_is_refused(overrides: list[str], message: str) -> None:
    folder_of(customers())
    Path("two").mkdir()
    texts = {
        "two/a.csv": "a,b",
        "two/b.csv": "a,b",
        "ragged.csv": "a,b\n1,2\n3\n",
        "empty.csv": "",
        "header.csv": "a,b\n",
        "one.csv": "a\n1\n2\n",
        "text.parquet": "a,b",
    }
    for name, text in texts.items():
        Path(name).write_text(text)
    with pytest.raises(SpaceshipError, match=message):
        propose(*overrides)
    assert not Path("configs").exists()


@pytest.mark.parametrize("row", [b"C9,1\n", b"\0,1,2,3\n", b"\xff,1,2,3\n", b'"C9,1,2,3\n'])
def test_a_fault_of_a_file_has_its_line(row: bytes) -> None:
    Path("shop.csv").write_bytes(customers().to_csv(index=False).encode() + row)
    with pytest.raises(SpaceshipError, match="line 42"):
        propose("data.train=shop.csv", "task.label=churn")


def test_a_packed_file_is_read() -> None:
    Path("shop.csv").write_bytes(gzip.compress(customers().to_csv(index=False).encode()))
    assert propose("data.train=shop.csv", "task.label=churn").id == "customer_id"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["data=sql", "data.url=sqlite:///a.db"], "expected mode=init to read files, found data="),
        (["data=kaggle"], "mode=init to read files"),
    ],
)
def test_files_alone_are_read(words: list[str], message: str) -> None:
    with pytest.raises(SpaceshipError, match=message):
        propose(*words, "task.label=churn")


def test_the_next_command_has_the_same_outputs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    folder = folder_of(customers())
    (folder / "train.csv").write_text(customers().to_csv(index=False, sep="|"))
    kept = ["paths.outputs=my outputs", "data.separator='|'"]
    propose("data.dir=shop", "task.label=churn", *kept)
    absolute = f"paths.outputs={Path('my outputs').absolute()}"
    assert {*last_command(caplog)} >= {"task=shop", "data.dir=shop", absolute, kept[1]}


def test_numbers_and_words_of_another_language_and_empty_rows() -> None:
    rows = [f"{n % 9 + 1} {n % 7}16 562,9;{'JN'[n % 2]};{n % 3}" for n in range(60)]
    Path("train.csv").write_text("\n".join(["preis;garten;y", *rows, ";;", ";;"]), encoding="utf-8")
    made = propose("task.label=y", "data.train=train.csv")
    raw = {name: one.type for name, one in made.raw.items()}
    assert raw == {"preis": "number", "garten": "boolean"}
    assert made.unlabelled != "drop"
    assert len(read_table(Path("train.csv")).dropna(how="all")) == len(rows)
