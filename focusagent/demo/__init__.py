"""A small bundled web application, and a run through it in a real browser."""
