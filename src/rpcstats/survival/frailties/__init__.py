"""Cox regression whose rows share frailties: gamma, or Gaussian random effects."""
