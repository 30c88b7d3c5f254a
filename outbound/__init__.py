"""Requests to addresses that strangers chose: asset files, the upstream's videos, webhooks.

``checked_client`` gives an httpx client that connects to public addresses only, whatever a name
resolves to at that moment; ``preflight`` tells what can be known of an asset before it is sent.
"""
