"""One frozen pydantic model per message; new fields are optional for ever."""
