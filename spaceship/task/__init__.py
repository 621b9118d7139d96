"""Tasks: the meaning of a table's columns, one folder per task with code of its own."""
