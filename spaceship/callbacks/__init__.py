"""Hydra callbacks: MLflow runs of jobs, multiruns and studies."""
