"""What a Cox model is held against: residuals, proportional hazards, discrimination, accuracy."""
