"""The terminal app. Empty, so that naming the package costs no import of Textual."""
