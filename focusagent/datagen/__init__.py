"""Makes labelled screens: drawn pages (fast) and pages rendered by a real browser (exact)."""
