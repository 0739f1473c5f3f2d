"""A patient and a pump that are not there."""
