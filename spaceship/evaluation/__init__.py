"""Evaluation: cross-validation, hold-out twins, metrics and reports."""
