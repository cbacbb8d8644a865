"""Replay: what was answered once, word for word the same question, is not asked again.

Exact matches only, never by meaning. A store on disk behind an `Interceptor`, shared by workers and runs; bodies lie
there and nowhere else.
"""

from jevons.cut.replay.replay import Done, Plan, Replay, ReplayMiss

__all__ = ["Done", "Plan", "Replay", "ReplayMiss"]
