"""From the wish for a run to a worker that does it: configurations, the permission gate, the queue, the workers."""
