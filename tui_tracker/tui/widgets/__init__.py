"""One widget a file: rows in, messages out; no widget knows the store."""
