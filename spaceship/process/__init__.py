"""Process: duties at exit, objects kept for its next jobs, pauses of garbage collection."""
