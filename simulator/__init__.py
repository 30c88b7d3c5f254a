"""APIMart and the person's phone, pretended: a real HTTP server with scenarios and a ledger.

Nothing here is shared with the rest of the project, so that it can disagree with our client.
"""
