"""Record of a run: code, packages, machine, task and data that it rests on, digests of stages."""
