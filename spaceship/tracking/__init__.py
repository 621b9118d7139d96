"""Tracking: the MLflow store, its runs and the folders of jobs."""
