"""Calls that other tools have logged: traces, gateways' logs, results of evaluations, sessions of agents.

Unlike a recording of HTTP (the rest of `jevons.sources`), a log holds usage as its tool counted it. One reader a
format, each a module with

- ``KIND``: the source class that its calls are kept under;
- ``holds(document)``: whether a decoded JSON document (a line, or a whole file) is of the format;
- ``read(documents)``: every record of the documents, in order, as one of `entry.Entry`: nothing is dropped;
- ``BY_LINE``, where every line stands for itself: reading can go on from any of them.

Such calls were made, only elsewhere: `jevons.ledger.imports` keeps them as live ones, under their source class. (A
recording that a scan finds tells of calls that some earlier run made: mode ``recorded``, never added to live ones.)

`formats` lists them, `opened` streams files to them, `tokens` brings their counts to one meaning.
"""
