"""Which smaller model is good enough: per-item results of several models, the least footprint that is not worse.

`results` and `ledger` read them, `judged` says which is no worse on the same items, `choice` adds footprints.
"""
