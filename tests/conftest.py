"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

try:
    from hypothesis import settings
except ImportError:  # environments with SDKs alone
    pass
else:  # a busy machine is slow, and nothing here is a test of speed
    settings.register_profile("calm", deadline=None)
    settings.register_profile("repeatable", deadline=None, derandomize=True)
    settings.register_profile("few", deadline=None, derandomize=True, max_examples=10)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "calm"))

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
