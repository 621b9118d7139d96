"""Simulation of retraining: arrivals by era, results and plot."""
