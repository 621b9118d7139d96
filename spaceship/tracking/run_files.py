"""Files of a run: copies of its artifacts, of a trial those in the folder of its job."""

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from spaceship.tracking.job import Job
from spaceship.tracking.store import FOLDER_TAG, Store

if TYPE_CHECKING:
    from mlflow.entities import Run


def fetch_files(store: Store, run: "Run", names: Iterable[str], folder: Path) -> None:
    """Copy those files of a run that there are into a folder.

    >>> run_id = store.start_run("job", {})
    >>> store.client.log_text(run_id, "{}", "report.json")
    >>> run = store.client.get_run(run_id)
    >>> fetch_files(store, run, ["report.json", "verdict.json"], tmp_path)
    >>> (tmp_path / "report.json").is_file(), (tmp_path / "verdict.json").is_file()
    (True, False)
    """
    run_id = run.info.run_id
    logged = {one.path for one in store.client.list_artifacts(run_id)}
    own, is_own = Job(Path(run.data.tags.get(FOLDER_TAG) or folder), in_multirun=False), False
    with suppress(OSError, ValueError, KeyError):
        is_own = own.run_id == run_id
    for name in names:
        if name in logged:
            store.client.download_artifacts(run_id, name, str(folder))
        elif is_own and (own.folder / name).is_file():
            shutil.copy(own.folder / name, folder)
