"""Verdicts: does this list pass at a rate, said as soon as it is settled, with both errors bounded.

``jevons.verdict`` is the loop's face (`loop`), `Sequence` what a test runner drives; `Question` says what is asked,
`finite`, `betting` and `rate` answer it. Standard library only.
"""
