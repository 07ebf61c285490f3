"""The partial likelihood of proportional hazards: arrays in, arrays out."""
