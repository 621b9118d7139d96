"""Feature sets for any task: `raw` and `table`, chosen with `features=`."""
