"""Longer checks, run by ``make test-full``."""
