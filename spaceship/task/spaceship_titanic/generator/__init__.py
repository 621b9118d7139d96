"""Generator of synthetic passengers with a known label model."""
