"""A real loopback server that speaks the formats of AI providers, for tests."""

from providers.server import Provider, Received, closed_url, provider

__all__ = ["Provider", "Received", "closed_url", "provider"]
