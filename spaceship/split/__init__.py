"""Hold-out and folds of cross-validation; groups never straddle a split."""
