"""Comparison of two runs: what differs in what they rest on, in their data and in their scores."""
