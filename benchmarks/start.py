"""What the plugin adds to a whole run of pytest, switched off and on, and what `jevons --help` takes.

    python benchmarks/start.py [--pairs 200] [--quick]

Runs pytest on two tiny tests in a folder of its own, in a child process each time, in pairs whose order is
random: with the plugin blocked (``-p no:jevons``) and installed but off; blocked and on; blocked and on with
calls told by `jevons.record_call`. No other plugin is loaded. Processor time is what the system charged the
child, user and system together.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import sysconfig
import tempfile
import time
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple

from figures import Row, figure, machine, table

CALLS = 200

CONFTEST = """
import json, os, sys, time, pytest

marks = {}

@pytest.fixture
def first():
    marks["first"] = time.process_time_ns()

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish():
    loaded = set(sys.modules)
    marks["finish"] = time.process_time_ns()
    yield
    marks["before_end"] = sorted(loaded)

@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    marks["modules"] = sorted(sys.modules)
"""
