"""Tasks: the meaning of a table's columns, one folder per built-in task."""
