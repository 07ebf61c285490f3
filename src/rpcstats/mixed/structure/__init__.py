"""Formula and frame to the checked arrays of a mixed model."""
