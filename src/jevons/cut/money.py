"""What calls cost in US dollars: list prices of genai-prices (extra ``report``), offline, as of the calls' time."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from jevons.ledger.cells import Cell
from jevons.ledger.days import UNKNOWN, start_of


class NoPricesError(ImportError):
    """genai-prices is not installed: says how to get it."""


class Dollars:
    """Price of a cell's calls; None where tokens, model or price are not known. Raises NoPricesError when made without
    genai-prices."""

    def __init__(self) -> None:
        try:
            from genai_prices import Usage, calc_price
        except ImportError as error:
            raise NoPricesError("caps on money need list prices: pip install 'jevons[report]'") from error
        self._usage, self._price = Usage, calc_price

    def __call__(self, cell: Cell) -> float | None:
        """US dollars: their provider's price, else that of whoever sells the model first.

        Prices are linear in tokens between the lengths of a prompt (`recorded.CONTEXTS`) at which they change, so that
        the mean call of a cell tells the price of them all; of cells by the hour also where prices change by the hour
        (two of DeepSeek's earlier ones change at half past: then the hour's beginning tells).
        """
        key, sums = cell.key, cell.sums
        if key.usage == "unknown" or not key.model:
            return None
        usage = self._usage(
            input_tokens=_mean(sums.input, sums.calls),
            cache_read_tokens=_mean(sums.cached, sums.calls),
            cache_write_tokens=_mean(sums.cache_write, sums.calls),
            output_tokens=_mean(sums.output, sums.calls),
        )
        for provider in (key.provider or None, None):
            try:
                found = self._price(usage, key.model, provider_id=provider, genai_request_timestamp=_when(key.period))
            except (LookupError, ValueError):
                continue
            return float(found.total_price) * sums.calls
        return None


def _mean(tokens: int, calls: int) -> Decimal:
    """Tokens per call, rounded down to 1e-12: those of a whole are never less than those of its parts, nor above a
    threshold that no call is above."""
    return Decimal(tokens * 10**12 // calls).scaleb(-12)


def _when(period: str) -> datetime | None:
    """The beginning of a cell's month or hour; None where it is not known."""
    if period == UNKNOWN:
        return None
    start = start_of(f"{period}-01T00" if len(period) == len("2026-11") else period)
    return None if start is None else datetime.fromtimestamp(start, UTC)
