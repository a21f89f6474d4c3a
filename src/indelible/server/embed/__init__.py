"""The screen inside a host product: short-lived viewer tokens, each bound to a part of the log."""
