"""Degrees of freedom, tests, intervals and checks of mixed models: arrays and problems in."""
