"""Hazards by session: the chance to leave at a session of those still attending."""
