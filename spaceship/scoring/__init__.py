"""Scoring of tables of any length: rows cut into parts, scored by an engine, joined in order."""
