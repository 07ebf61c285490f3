"""Curves, restricted means and tests without a model of the hazard."""
