"""Histories of several states or events: occupation, transitions, recurrence, episodes."""
