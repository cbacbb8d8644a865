"""How long `jevons scan` takes over recorded suites, and how much memory: beside PyYAML alone on the same files.

    python benchmarks/scan.py [--rounds 3] [FOLDER of .tar.zst]

Per archive the whole command by the clock (all processors), its peak memory over all of its processes, and the ratio
to what reading the same YAML and JSON files takes in one process with the fastest loaders there are (PyYAML on libyaml,
msgspec), unpacking left out: what no reader of these files can do without. They take turns. For Linux (/proc).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import yaml
from figures import machine

from jevons.sources.archives import members

SUITES = Path(__file__).parents[2] / "shared" / "data" / "suites"


def loaded(archive: Path) -> tuple[int, float]:
    """Bytes of the recordings in an archive, and the processor seconds that decoding them takes."""
    size, spent = 0, 0.0
    for item in members(archive, 64 << 20, lambda *_: None, lambda _: None):
        name = item.source
        if not name.endswith((".yaml", ".yml", ".json")):
            continue
        begun = time.process_time()
        try:
            msgspec.json.decode(item.data) if name.endswith(".json") else yaml.load(item.data, yaml.CSafeLoader)
        except (ValueError, yaml.YAMLError):
            continue
        spent += time.process_time() - begun
        size += len(item.data)
    return size, spent


def scanned(archives: list[Path], folder: str) -> tuple[float, int]:
    """Seconds and peak bytes (proportional set size) of one scan, started anew."""
    command = [sys.executable, "-m", "jevons", "scan", "-q", "--no-save", *map(str, archives)]
    begun = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(resident(pid) for pid in family(process.pid)))
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with {process.returncode}")
    return time.perf_counter() - begun, peak


def family(pid: int) -> list[int]:
    """A process and what it started."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [one for child in task.read_text().split() for one in family(int(child))]
        except OSError:
            continue
    return found


def resident(pid: int) -> int:
    """Bytes of memory, shared ones in proportion (Linux, proc_pid_smaps_rollup: Pss)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # gone
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SUITES)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    archives = sorted(options.folder.glob("*.tar.zst"), key=lambda path: path.stat().st_size)
    if not archives:
        print(f"no .tar.zst in {options.folder}: nothing to measure")
        return
    print(f"{machine()}\n\n| recordings | MB | scan | peak memory | decoding alone, one process | scan / decoding |")
    print("|---|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        for name, chosen in [(archives[-1].name, archives[-1:]), (f"all {len(archives)} archives", archives)]:
            took, peaks, alone, size = [], [], [], 0
            for _ in range(options.rounds):
                seconds, peak = scanned(chosen, folder)
                took.append(seconds)
                peaks.append(peak)
                whole = [loaded(archive) for archive in chosen]
                size = sum(part for part, _ in whole)
                alone.append(sum(spent for _, spent in whole))
            scan, decoding = statistics.median(took), statistics.median(alone)
            print(
                f"| {name} | {size / 1e6:.0f} | {scan:.1f} s ({min(took):.1f} to {max(took):.1f}) "
                f"| {max(peaks) / 1e6:.0f} MB | {decoding:.1f} s | {scan / decoding:.2f} |"
            )


if __name__ == "__main__":
    main()
