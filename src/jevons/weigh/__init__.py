"""Comparisons: what changed and why, how use answers to efficiency, and one way against the other (`scenario`)."""
