"""The shapes of the REST API, for its server, its clients and what webhooks carry."""
