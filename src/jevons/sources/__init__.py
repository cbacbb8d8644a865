"""Calls that others recorded: cassettes and recordings of test suites, read where they lie.

One reader per format (`vcr`, `langchain`, `nock`, `llama_stack`, `ddapm`, `har`), chosen by what a file
holds, not by its name (`formats`). Each gives the exchanges of a recording in order; `calls` makes a
`jevons.record.Call` of every one that `jevons.wire` knows. `files` and `archives` say what lies under a path
and never leave it; `scan` goes through all of it, on several processors where there is much.

A recording tells what was asked and answered and, rarely, when; chunk times it never holds, so a recorded
stream is never ``timed``.
"""
