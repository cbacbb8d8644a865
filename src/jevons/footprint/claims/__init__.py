"""Published figures checked against each other, by rules that know no names: what is stated, or read in a text.

check([printed("energy", "914", "kWh"), printed("intensity", "394", "g/kWh"), printed("carbon", "340", "kg")])
"""

from jevons.footprint.claims.rules import Finding, check
from jevons.footprint.claims.stated import UNITS, Quantity, printed
from jevons.footprint.claims.text import read, singular

__all__ = ["UNITS", "Finding", "Quantity", "check", "printed", "read", "singular"]
