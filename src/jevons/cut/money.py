"""What a call costs in US dollars: list prices of genai-prices (extra ``report``), offline, as of the call's time."""

from __future__ import annotations

from datetime import UTC, datetime

from jevons.record import Call


class NoPricesError(ImportError):
    """genai-prices is not installed: says how to get it."""


class Dollars:
    """Price of a call; None where tokens, model or price are not known. Raises NoPricesError when made without them."""

    def __init__(self) -> None:
        try:
            from genai_prices import Usage, calc_price
        except ImportError as error:
            raise NoPricesError("caps on money need list prices: pip install 'jevons[report]'") from error
        self._usage, self._price = Usage, calc_price

    def __call__(self, call: Call) -> float | None:
        """US dollars of one call: its provider's price, else that of whoever sells the model first."""
        if call.usage == "unknown" or not call.answered_by:
            return None
        usage = self._usage(
            input_tokens=call.input_tokens or 0,
            cache_read_tokens=call.cached_tokens or 0,
            cache_write_tokens=call.cache_write_tokens or 0,
            output_tokens=call.output_tokens or 0,
        )
        when = datetime.fromtimestamp(call.started_us / 1e6, UTC) if call.started_us else None
        for provider in (call.provider or None, None):
            try:
                found = self._price(usage, call.answered_by, provider_id=provider, genai_request_timestamp=when)
            except (LookupError, ValueError):
                continue
            return float(found.total_price)
        return None
