"""The steps of the schema, oldest first; each runs on both databases and keeps the data."""
