"""What a Temporal client, worker or replayer needs to speak with likeness; extra ``temporal``."""
