"""What happens: deterministic workflows that read like a story."""
