"""Who may do what: people, sessions, keys, one-time links, limits. Owns `control.sqlite3`."""
