"""Names of other packages that their documentation does not promise, in one place.

`tests/test_upstream.py` holds each of them against the installed release.
"""

MLFLOW_DOWNLOAD_NOTE = "registered_model_meta"
"""File that MLflow 3.17 adds to a registered model that it has downloaded."""
MLFLOW_SKOPS_FILE = "model.skops"
"""File of the estimator in a folder that MLflow 3.17's `mlflow.sklearn.save_model` has written."""
ESTIMATOR_ERRORS = {
    "sklearn.utils._param_validation": "InvalidParameterError",
    "lightgbm.basic": "LightGBMError",
    "catboost": "CatBoostError",
    "xgboost.core": "XGBoostError",
}
"""Errors for wrong settings by the module that holds them: scikit-learn 1.9, LightGBM 4.7, …"""
