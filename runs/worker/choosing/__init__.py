"""The third stage: what was read becomes arrays, of which runs.selection chooses."""
