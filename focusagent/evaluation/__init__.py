"""Measures how well models find things on screens."""
