"""Wire formats of AI providers: bytes in, facts out.

One small reader per format. Used by the taps, by readers of recordings and by
replay alike, so it knows no HTTP client.
"""
