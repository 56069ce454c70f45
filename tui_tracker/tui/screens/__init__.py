"""One screen a file: the places that ask the store and know several widgets."""
