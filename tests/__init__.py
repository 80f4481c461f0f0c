"""The tests, which share ``tolerances`` and ``points``."""
