"""Inference of a task from raw frames: types of columns, roles, problem kind and suspicions.

It happens once, for `mode=init`, which writes the result as a YAML page for a person to mend.
"""
