"""The profiled deviance of linear mixed models and the search for its minimum."""
