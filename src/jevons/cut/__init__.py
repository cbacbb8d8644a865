"""Cutting: budgets that hold, and what need not be asked."""
