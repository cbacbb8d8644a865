"""`python -m jevons` is `jevons`."""

from jevons.cli import main

main()
