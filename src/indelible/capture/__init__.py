"""Hooks that fill the context and record events by themselves; one file per framework."""
