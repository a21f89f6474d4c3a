"""Other engines, each in a process of its own, fed with the same events."""
