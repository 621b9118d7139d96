"""Feature sets of the built-in task: `features=full` and `features=baseline`."""
