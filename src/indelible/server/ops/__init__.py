"""What keeps a service running for years: backup and restore, checks, metrics."""
