"""What can be said about a session. Standard library only; imports nothing else of ours."""
