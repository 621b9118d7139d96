"""Spaceship: a Hydra-configured experiment framework for Kaggle's Spaceship Titanic."""
