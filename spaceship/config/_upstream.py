"""Names inside Hydra 1.3 that its documentation does not promise; test_upstream.py holds each."""

from hydra._internal import hydra as hydra_app
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository, IConfigRepository
from hydra._internal.utils import create_config_search_path, get_args_parser

__all__ = [
    "CachingConfigRepository",
    "ConfigLoaderImpl",
    "IConfigRepository",
    "create_config_search_path",
    "get_args_parser",
    "hydra_app",
]
