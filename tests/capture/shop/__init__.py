"""A small Django application for the tests of the Django hook."""
