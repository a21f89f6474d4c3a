"""Retention: how long things are kept, and what takes parts away or holds them."""
