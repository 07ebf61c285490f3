"""Parametric models of censored times, and the likelihood of intervals without a model."""
