"""Models as assets: one card a model, with what its training cost, what a call costs, and how long it has served.

`card` says what a card holds, `folder` keeps cards, the readers (`huggingface`, `cyclonedx`, `codecarbon`, `stated`)
make them, `checks` doubts what they claim, `life` and `find` answer questions. Knows nothing of tests.
"""
