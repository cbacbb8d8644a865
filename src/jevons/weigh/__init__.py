"""Comparisons: what changed and why, and how use answers to efficiency."""
