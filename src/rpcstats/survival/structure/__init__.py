"""What every regression on censored times reads: a formula and a frame to checked arrays."""
