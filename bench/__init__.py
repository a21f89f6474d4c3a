"""Measures the running service from outside, and other engines in the same run."""
