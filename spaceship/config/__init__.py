"""Configuration: resolvers, the allow list of targets, secrets and typed settings."""
