"""Reproduction of a run: made again from its record, compared with it, suspects, proof."""
