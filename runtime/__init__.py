"""What every process needs first: settings, connection, keys, links, logs and metrics."""
