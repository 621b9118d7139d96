"""Records fit PostgreSQL in any language, and its damage is one message."""

import secrets

import pytest

from scripts.servers import Postgres
from spaceship.errors import TrackingError
from spaceship.tracking.runs import Held, read_held
from spaceship.tracking.store import PARAM_LENGTH, TAG_LENGTH, Store
from tests.tracking.test_runs import fill, same

pytestmark = pytest.mark.slow
LONG = ("x", "ü", "語", "🌱", "'", '"', "\\", "\n", "a\0b", "\ud800")


@pytest.fixture(scope="module")
def url(postgres: Postgres) -> str:
    """Give the URL of an empty database."""
    made = postgres.new_database(f"store_{secrets.token_hex(4)}")
    return made.replace("postgresql://", "postgresql+psycopg://")


def test_records_of_any_text_are_kept_cut(url: str, tmp_path: object) -> None:
    store = Store(url, f"{tmp_path}/art", "spaceship")
    for one in LONG:
        text = one * 10_000
        run_id = store.start_run(text, {"first": text})
        store.set_tags(run_id, {"note": text})
        store.log_params(run_id, {"key": text, text[:300]: "value"})
        run = store.client.get_run(run_id)
        assert 0 < len(run.data.tags["note"]) <= TAG_LENGTH
        assert 0 < len(run.data.params["key"]) <= PARAM_LENGTH
        assert run.data.tags["first"] == run.data.tags["note"]
    again = Store(url, f"{tmp_path}/art", "spaceship")
    assert again.start_run("again", {})


def test_runs_are_read_by_sql(url: str, tmp_path: object) -> None:
    store = Store(url, f"{tmp_path}/art", "rows")
    fill(store)
    same(store)
    store.client.create_registered_model("churn-local")
    version = store.client.create_model_version("churn-local", "runs:/a/model", "a")
    store.client.set_registered_model_alias("churn-local", "champion", version.version)
    assert read_held(store) == {"a": [Held("champion", "churn-local", "1")]}


def test_a_lost_table_of_a_server_is_not_made_anew(url: str, tmp_path: object) -> None:
    from sqlalchemy import create_engine, text

    store = Store(url, f"{tmp_path}/art", "spaceship")
    _ = store.client
    with create_engine(url).begin() as connection:
        connection.execute(text("DROP TABLE registered_model_aliases"))
    with pytest.raises(TrackingError, match="found no table registered_model_aliases; restore it"):
        _ = Store(url, f"{tmp_path}/art", "spaceship").client
