"""What a proportional-hazards fit predicts: curves, linear predictors, standardised survival."""
