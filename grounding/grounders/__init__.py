"""Grounders: from a picture and an instruction to a place."""
