"""Submissions to a Kaggle competition: sent with the user's own credentials, their public score."""

import json
import time
from dataclasses import dataclass
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
    score: float | None
    waited: float  # seconds

    @property
    def sentence(self) -> str:
        """What has come of it.

        >>> Sent("titanic", 7, 0.8, 60.0).sentence
        'Kaggle: submission 7 to titanic has the public score 0.8'
        """
        what = f"Kaggle: submission {self.reference} to {self.competition}"
        if self.score is not None:
            return f"{what} has the public score {self.score:g}"
        return f"{what} has no score after {self.waited:g} s; look at {_page(self.competition)}"


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
        ConfigError: The data source is no competition's, or probabilities stand beside the labels.
        CredentialsError: There are no credentials.
        MissingDependencyError: The extra `kaggle` is not installed.

    >>> check_submitting(KaggleData(), task, answers_only=False)
    Traceback (most recent call last):
    spaceship.errors.ConfigError: inference.submit=true: expected no inference.proba, ...

    """
    if competition_of(source, task) is None:
        what, do = "rows of a competition", "use data=kaggle data.competition=NAME"
        raise ConfigError(f"{_KEY}: {expected(what, f'data={source.name}', do)}")
    if not answers_only:
        do = "leave out one of them: Kaggle takes id and label alone"
        raise ConfigError(f"{_KEY}: {expected('no inference.proba', 'inference.proba=true', do)}")
    check_installed(_KEY)
    _client().__exit__(None, None, None)


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


def submit(path: Path, competition: str, message: str, seconds: float) -> Sent:
    """Send a file of predictions to a competition and wait some seconds for its public score.

    Raises:
        CredentialsError: Kaggle refuses the user, or does not answer.
        SubmissionError: Kaggle refuses the file.

    >>> submit(tmp_path / "none.csv", "titanic", "run a1b2", 60)
    Traceback (most recent call last):
    FileNotFoundError: ...

    """
    import requests

    content = path.read_bytes()
    try:
        with _client() as client:
            reference = _send(client, (path.name, content), competition, message)
            score, start, pauses = None, time.monotonic(), [*_PAUSES]
            while score is None and (left := start + seconds - time.monotonic()) > 0:
                score = _score(client, reference, competition)
                if score is None:
                    time.sleep(min(left, pauses.pop(0) if len(pauses) > 1 else pauses[0]))
    except (requests.RequestException, ValueError) as error:
        # no text of such an error is shown: it may hold a token or a signed address
        is_page = isinstance(error, json.JSONDecodeError)
        known = None if is_page else refusal(error, competition, _KEY)
        raise known or _failure(error, path, competition) from None
    return Sent(competition, reference, score, seconds)


def _client() -> "KaggleClient":
    """Return Kaggle's client with the user's credentials."""
    from kagglehub.config import get_kaggle_credentials
    from kagglesdk import KaggleClient

    try:
        found = get_kaggle_credentials()
    except ValueError as error:
        raise refusal(error, "", _KEY) or error from None
    if found is None:
        raise no_credentials(_KEY)
    own = {"username": found.username, "password": found.key, "api_token": found.api_key}
    return KaggleClient(**own)


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


def _score(client: "KaggleClient", reference: int, competition: str) -> float | None:
    """Return the public score of a submission, None while it is pending."""
    from kagglesdk.competitions.types.competition_api_service import ApiGetSubmissionRequest
    from kagglesdk.competitions.types.submission_status import SubmissionStatus

    request = ApiGetSubmissionRequest()
    request.ref = reference
    found = client.competitions.competition_api_client.get_submission(request)
    if found.status is SubmissionStatus.ERROR:
        what, why = f"submission {reference} to be scored", found.error_description or "an error"
        raise SubmissionError(f"{_KEY}: {expected(what, why, f'see {_page(competition)}')}")
    return float(found.public_score) if found.public_score else None


def _failure(error: Exception, path: Path, competition: str) -> CredentialsError:
    status = status_of(error)
    found = f"HTTP status {status}" if status else type(error).__name__
    do = f"check the network and the proxy (HTTPS_PROXY); {path} is written, and can be sent on "
    message = expected("Kaggle to answer", found, do + _page(competition))
    return CredentialsError(f"{_KEY}: {message}")


def _page(competition: str) -> str:
    return f"https://www.kaggle.com/competitions/{competition}/submissions"
