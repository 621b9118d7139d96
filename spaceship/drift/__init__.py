"""Drift: column profiles, population stability index and the alert above a limit."""
