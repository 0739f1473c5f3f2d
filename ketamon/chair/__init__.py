"""The core process of one chair."""
