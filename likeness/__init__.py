"""The words others may use: messages, names, stages and failure codes."""
