"""What a paper on retention asks of the estimators, one council's extract at a time."""
