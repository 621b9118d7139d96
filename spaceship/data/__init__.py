"""Data sources: one file each, chosen with `data=` on the command line."""
