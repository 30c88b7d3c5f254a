"""A pretended person with a phone, who knows nothing but the link that was sent."""
