"""Several reasons for leaving: incidence of each, tests, and regressions."""
