"""Explanations of predictions in raw columns: contributions, importance, nearest rows."""
