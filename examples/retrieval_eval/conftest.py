"""The help desk's own server, client and search (examples/helpdesk), unchanged."""

import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

_spec = importlib.util.spec_from_file_location("helpdesk_fixtures", HERE.parent / "helpdesk" / "tests" / "conftest.py")
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)

server_url, client, desk = _fixtures.server_url, _fixtures.client, _fixtures.desk
