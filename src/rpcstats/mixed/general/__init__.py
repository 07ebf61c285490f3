"""Generalised linear and cumulative link mixed models: Laplace and adaptive quadrature."""
