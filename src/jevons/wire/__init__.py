"""Wire formats of AI providers: bytes in, facts out.

`find` says whether a request is an AI call, `read` fills a `Call` from its bytes. One small
reader per format (`openai_chat`, `anthropic_messages`, `gemini` ...), listed in `match`; used
by the taps, by readers of recordings and by replay alike, so it knows no HTTP client.
"""

from jevons.wire.match import WITH_HEADERS, Match, find
from jevons.wire.reader import read

__all__ = ["WITH_HEADERS", "Match", "find", "read"]
