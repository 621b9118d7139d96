"""Engines: where the parts of a long table are scored."""
