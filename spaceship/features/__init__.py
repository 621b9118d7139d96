"""Feature sets: one scikit-learn transformer each, chosen with `features=`."""
