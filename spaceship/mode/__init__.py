"""Modes: one function of the Experiment per file, chosen with `mode=`."""
