"""The calls of the official client about workers, configurations, scheduled runs, runs and artifacts."""
