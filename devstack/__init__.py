"""Everything on one machine: the Temporal dev server, our processes, and the demo."""
