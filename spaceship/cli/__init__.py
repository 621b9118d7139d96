"""The command line around Hydra: exit statuses and error messages."""
