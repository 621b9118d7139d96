"""`hydra/sweeper=optuna`: sweeps that survive, resume, prune and run on many machines."""
