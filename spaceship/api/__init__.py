"""Python API: a project whose commands run in processes of their own, and its models as objects."""
