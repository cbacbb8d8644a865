"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
pytest.register_assert_rewrite("twice")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real inputs that lie beside a developer's checkout; a user's clone has none."""
    data = ROOT.parent / "shared" / "data"
    if not data.is_dir():
        pytest.skip("the folder ../shared/data with recorded suites is not here")
    return data
