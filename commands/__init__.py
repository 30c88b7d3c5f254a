"""What ``starter.py`` does for each command; the file itself only declares the words."""
