"""What a run says at its end: the report in the official client's shape, goals, picks and the plot."""
