"""Submissions to a Kaggle competition: sent with the user's own credentials, their public score."""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from spaceship.data._base import DataSource
from spaceship.data.kaggle import (
    COMPETITIONS,
    KaggleData,
    check_installed,
    no_credentials,
    refusal,
    status_of,
)
from spaceship.data.local import LocalData
from spaceship.data.sample import id_differences
from spaceship.errors import ConfigError, CredentialsError, SubmissionError, expected
from spaceship.task.task import Task

if TYPE_CHECKING:
    from kagglesdk import KaggleClient

_KEY = "inference.submit=true"
_PAUSES = (0.5, 1, 2, 4, 5)  # seconds between questions for a score; the last one is repeated


@dataclass(frozen=True)
class Sent:
    """A submission that Kaggle has received, and its public score if it came in time."""

    competition: str
    reference: int
    score: float | None = None
    fault: str = ""  # why there is no score
    refused: bool = False  # whether Kaggle says that there will be none

    @property
    def sentence(self) -> str:
        """What has come of it.

        >>> Sent("titanic", 7, 0.8).sentence
        'Kaggle: submission 7 to titanic has the public score 0.8'
        """
        what = f"Kaggle: submission {self.reference} to {self.competition}"
        if self.score is not None:
            return f"{what} has the public score {self.score:g}"
        page = _page(self.competition)
        return f"{what} was received, but has no score ({self.fault}); look at {page}"

    def check(self) -> None:
        """Raise SubmissionError with Kaggle's reason if it refuses to score the file.

        >>> Sent("titanic", 7, 0.8).check()
        """
        if self.refused:
            what = f"submission {self.reference} to be scored"
            do = f"see {_page(self.competition)}"
            raise SubmissionError(f"{_KEY}: {expected(what, self.fault, do)}")


def competition_of(source: DataSource, task: Task) -> str | None:
    """Return the competition whose rows a data source holds, None if there is none.

    >>> competition_of(KaggleData("playground-series-s5e1"), task)
    'playground-series-s5e1'
    """
    if isinstance(source, KaggleData) and source.competition is not None:
        return source.competition
    return COMPETITIONS.get(task.name) if isinstance(source, KaggleData | LocalData) else None


def check_submitting(source: DataSource, task: Task, *, answers_only: bool) -> None:
    """Raise before any work is done if predictions cannot be sent to Kaggle.

    Raises:
        ConfigError: The data source is no competition's, or of a sample alone; or probabilities
            stand beside the labels.
        CredentialsError: There are no credentials.
        MissingDependencyError: The extra `kaggle` is not installed.

    >>> check_submitting(KaggleData(), task, answers_only=False)
    Traceback (most recent call last):
    spaceship.errors.ConfigError: inference.submit=true: expected no inference.proba, ...

    """
    if competition_of(source, task) is None:
        what, do = "rows of a competition", "use data=kaggle data.competition=NAME"
        raise ConfigError(f"{_KEY}: {expected(what, f'data={source.name}', do)}")
    if source.sample is not None:
        what, do = "all rows of a competition", "train by itself, then send: mode=inference"
        raise ConfigError(f"{_KEY}: {expected(what, 'data.sample', do)} without data.sample")
    if not answers_only:
        do = "leave out one of them: Kaggle takes id and label alone"
        raise ConfigError(f"{_KEY}: {expected('no inference.proba', 'inference.proba=true', do)}")
    check_installed(_KEY)
    _credentials()


def check_ids(sample: pd.DataFrame | None, frame: pd.DataFrame, task: Task) -> None:
    """Raise SubmissionError unless rows to predict are those of the sample submission, in order.

    >>> check_ids(people.sample, people.test, task)
    """
    what = f"the {task.id_name}s of the sample submission in its order"
    if sample is None:
        do = f"put the competition's file {task.files.sample} beside the test file"
        raise SubmissionError(f"{_KEY}: {expected('a sample submission', 'none', do)}")
    ids = task.names(frame).reset_index(drop=True)
    if differences := id_differences(ids, sample[task.id_name]):
        do = "leave out inference.submit, or predict the competition's own rows"
        raise SubmissionError(f"{_KEY}: {expected(what, differences, do)}")


def submit(path: Path, competition: str, message: str) -> Sent:
    """Send a file of predictions to a competition.

    Raises:
        CredentialsError: Kaggle refuses the user, or does not answer.
        ConfigError: There is no such competition.

    >>> submit(tmp_path / "none.csv", "titanic", "run a1b2")
    Traceback (most recent call last):
    FileNotFoundError: ...

    """
    import requests

    content = path.read_bytes()
    try:
        with _client() as client:
            return Sent(competition, _send(client, (path.name, content), competition, message))
    except (requests.RequestException, ValueError) as error:
        # no text of such an error is shown: it may hold a token or a signed address
        is_page = isinstance(error, json.JSONDecodeError)
        known = None if is_page else refusal(error, competition, _KEY)
        raise known or _failure(error, path, competition) from None


def scored(sent: Sent, seconds: float) -> Sent:
    """Return a submission with its public score, if that comes within some seconds.

    Whatever goes wrong is told and not raised: Kaggle has the file.

    >>> scored(Sent("titanic", 7), 0).sentence
    'Kaggle: submission 7 to titanic was received, but has no score (...); look at ...'
    """
    start, pauses = time.monotonic(), [*_PAUSES]
    try:
        with _client() as client:
            while (left := start + seconds - time.monotonic()) > 0:
                found = _asked(client, sent)
                if found.score is not None or found.refused:
                    return found
                time.sleep(min(left, pauses.pop(0) if len(pauses) > 1 else pauses[0]))
    except Exception as error:  # noqa: BLE001 - of the network, or of a client that Kaggle outdated
        return replace(sent, fault=_named(error))
    return replace(sent, fault=f"none after {seconds:g} s")


def _client() -> "KaggleClient":
    """Return Kaggle's client with the user's credentials."""
    from kagglesdk import KaggleClient

    return KaggleClient(**_credentials())


def _credentials() -> dict[str, str | None]:
    """Return the user's credentials for Kaggle's client; raise CredentialsError without any."""
    from kagglehub.config import get_kaggle_credentials

    try:
        found = get_kaggle_credentials()
    except ValueError as error:
        raise refusal(error, "", _KEY) or error from None
    if found is None:
        raise no_credentials(_KEY)
    return {"username": found.username, "password": found.key, "api_token": found.api_key}


def _send(client: "KaggleClient", file: tuple[str, bytes], competition: str, message: str) -> int:
    """Upload a file, submit it with a message, and return the number of the submission."""
    import requests
    from kagglesdk.competitions.types.competition_api_service import (
        ApiCreateSubmissionRequest,
        ApiStartSubmissionUploadRequest,
    )

    service, (name, content) = client.competitions.competition_api_client, file
    upload = ApiStartSubmissionUploadRequest()
    upload.competition_name, upload.file_name = competition, name
    upload.content_length = len(content)
    upload.last_modified_epoch_seconds = int(time.time())
    place = service.start_submission_upload(upload)
    requests.put(place.create_url, data=content, timeout=60).raise_for_status()
    request = ApiCreateSubmissionRequest()
    request.competition_name, request.blob_file_tokens = competition, place.token
    request.submission_description = message
    return int(service.create_submission(request).ref)


def _asked(client: "KaggleClient", sent: Sent) -> Sent:
    """Return a submission with what Kaggle says of it now: a score, a refusal, or nothing yet."""
    from kagglesdk.competitions.types.competition_api_service import ApiGetSubmissionRequest
    from kagglesdk.competitions.types.submission_status import SubmissionStatus

    request = ApiGetSubmissionRequest()
    request.ref = sent.reference
    found = client.competitions.competition_api_client.get_submission(request)
    if found.status is SubmissionStatus.ERROR:
        return replace(sent, fault=found.error_description or "an error", refused=True)
    return replace(sent, score=float(found.public_score) if found.public_score else None)


def _named(error: Exception) -> str:
    """Return what an error is, without its text."""
    status = status_of(error)
    return f"HTTP status {status}" if status else type(error).__name__


def _failure(error: Exception, path: Path, competition: str) -> CredentialsError:
    do = f"check the network and the proxy (HTTPS_PROXY); {path} is written, and can be sent on "
    do += f"{_page(competition)}, unless it is there already"
    message = expected("Kaggle to answer", _named(error), do)
    return CredentialsError(f"{_KEY}: {message}")


def _page(competition: str) -> str:
    return f"https://www.kaggle.com/competitions/{competition}/submissions"
