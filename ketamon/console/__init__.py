"""The Textual application: a follower of the core."""
