"""Checks of printed figures: statements in, findings out."""
