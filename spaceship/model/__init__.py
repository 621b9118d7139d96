"""Estimators that a model YAML cannot take straight from a library, chosen with `model=`."""
