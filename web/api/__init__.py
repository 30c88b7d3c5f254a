"""The REST API under ``/v1`` of the admin listener, for other services."""
