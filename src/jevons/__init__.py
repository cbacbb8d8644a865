"""jevons: know, cut and cap what the AI in your tests costs."""

__version__ = "0.1.0"
