"""What strangers and other services reach: the person's pages, the callback relay, the codec."""
