"""The ledger's directory and its secret."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jevons.ledger.home import Home


def test_the_secret_is_made_once_however_many_ask(tmp_path: Path) -> None:
    home = Home(tmp_path / ".jevons")
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: home.secret(), range(40)))
    assert len(secrets) == 1
    assert len(secrets.pop()) >= 32
    if os.name == "posix":
        assert stat.S_IMODE((home.path / "secret").stat().st_mode) == 0o600
    assert not list(home.path.glob("secret.*"))


def test_a_team_can_share_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JEVONS_SECRET", "shared")
    assert Home(tmp_path / "a").secret() == Home(tmp_path / "b").secret() == b"shared"
    assert not (tmp_path / "a").exists()


def test_purge_deletes_only_a_ledger(tmp_path: Path) -> None:
    precious = tmp_path / "src"
    precious.mkdir()
    (precious / "thesis.txt").write_text("ten years")
    with pytest.raises(ValueError, match="not a jevons ledger"):
        Home(precious).purge()
    assert (precious / "thesis.txt").exists()


def test_purge_by_age_keeps_what_is_younger_and_the_secret(tmp_path: Path) -> None:
    home = Home(tmp_path / ".jevons")
    home.secret()
    old, young = home.spool / "a-1.jsonl", home.spool / "b-1.jsonl"
    for file in (old, young):
        file.write_text("{}\n")
    os.utime(old, (1, 1))
    assert home.purge(older_than_days=1) == (1, 3)
    assert young.exists()
    assert (home.path / "secret").exists()
    assert home.purge()[0] == 3
    assert not home.path.exists()
