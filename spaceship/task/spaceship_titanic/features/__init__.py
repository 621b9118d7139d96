"""Feature sets of the built-in task: `full`, `baseline` and `raw`."""
