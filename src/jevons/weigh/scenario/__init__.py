"""Scenarios: alternatives for one functional unit, written down in a TOML file, drawn jointly and weighed.

`read` turns a file into a `Scenario` or an error with a line; `price` turns that into sums of products of inputs;
`draws` draws the inputs once for all alternatives; `weigh` asks the questions. Two questions are never mixed: what a
decision changes (consequential: margins, avoidable shares, what is sunk is nothing) and what share of the world's
footprint an alternative bears (attributional: averages, everything in full).
"""

SCHEMA = "jevons.scenario/1"
"""Of the file."""
