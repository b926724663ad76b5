"""The pages of runs: lists, a new one, one at work, its results, two side by side."""
