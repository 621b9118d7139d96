"""Model registry: versions, aliases, the record of moves, promotion and packaging."""
