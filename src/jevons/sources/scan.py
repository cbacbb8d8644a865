"""Going through paths: what lies there, read on all processors where there is much of it."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

from jevons.record import Call
from jevons.sources import archives, files, names
from jevons.sources.batch import Read, read
from jevons.sources.calls import Options
from jevons.sources.exchange import UnreadableError
from jevons.sources.files import Item
from jevons.sources.tally import Scan, Warned

_BATCH = 2 << 20
_BATCH_FILES = 500
_ALONE = 24 << 20
"""Below so many bytes other processes take longer to start than the work takes."""
_PACKED_ALONE = 3 << 20
_DIED = "not read, for a process that read it or its neighbours died (out of memory?): scan it alone"


def scan(
    paths: Iterable[Path],
    options: Options,
    *,
    root: Path,
    sink: Callable[[Call], object],
    progress: Callable[[int], None] = lambda size: None,
    workers: int = 0,
) -> Scan:
    """Read every recording under `paths`; calls go to `sink` in the order of paths and records.

    `root` is the project's: tests are named from there where a path lies in it. `workers`: 0 for as many as
    there are processors, once there is enough to read. What cannot be read is in `Scan.warned`, never raised.
    Memory: the names of the files under a folder, and a few batches of 2 MB (or one recording) for each process.
    """
    found = Scan()
    pending: deque[tuple[list[Item], Future[Read]]] = deque()
    pool: ProcessPoolExecutor | None = None
    paths = list(paths)
    folders = {
        path: list(files.under(path, files.below(path, root), found.archives)) for path in paths if path.is_dir()
    }
    if workers == 0:
        workers = (os.cpu_count() or 1) if _much(paths, folders) else 1
    try:
        for batch in _batches(_items(paths, folders, root, options.limit, found, progress)):
            if workers < 2:
                _take(found, read(batch, options), sink)
                continue
            pool = pool or _pool(workers)
            try:
                pending.append((batch, pool.submit(read, batch, options)))
            except BrokenProcessPool:
                pool.shutdown(wait=False)
                pool = _pool(workers)
                pending.append((batch, pool.submit(read, batch, options)))
            while len(pending) > 2 * workers:
                _finish(found, *pending.popleft(), sink)
        while pending:
            _finish(found, *pending.popleft(), sink)
    finally:
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
    return found


def _pool(workers: int) -> ProcessPoolExecutor:
    # spawn: the same on every system, and safe beside threads.
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_ignore_interrupts)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer


def _much(paths: list[Path], folders: dict[Path, list[Item]]) -> bool:
    """Whether there is so much to read that other processes are worth their start."""
    size = sum(min(item.size, 1 << 22) for listed in folders.values() for item in listed)
    for path in paths:
        with suppress(OSError):
            if path not in folders:
                size += path.stat().st_size * (_ALONE // _PACKED_ALONE if files.is_archive(path.name) else 1)
    return size > _ALONE


def _items(
    paths: list[Path],
    folders: dict[Path, list[Item]],
    root: Path,
    limit: int,
    found: Scan,
    progress: Callable[[int], None],
) -> Iterator[Item]:
    """Files under the paths. With several paths, a source begins with the name of its path."""
    for path in paths:
        label = f"{path.resolve().name}/" if len(paths) > 1 and path in folders else ""
        try:
            if path in folders:
                listed: Iterable[Item] = folders[path]
            elif not path.is_file():
                raise UnreadableError("is no file or folder: nothing read")
            elif files.is_archive(path.name):
                listed = archives.members(path, limit, lambda name, why: _warn(found, name, why), progress)
            else:
                node = files.below(path.parent, root) + path.name
                listed = [Item(path.name, node, str(path), size=path.stat().st_size, named=True)]
            for item in listed:
                found.files += 1
                yield item._replace(source=names.clean(label + item.source))
                if item.path:
                    progress(item.size)
        except UnreadableError as error:
            _warn(found, path.name or str(path), str(error))
        except OSError as error:
            _warn(found, path.name or str(path), f"cannot be read ({error.strerror}): nothing read")


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += item.size
        if size >= _BATCH or len(batch) >= _BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _finish(found: Scan, batch: list[Item], future: Future[Read], sink: Callable[[Call], object]) -> None:
    try:
        done = future.result()
    except BrokenProcessPool:
        found.warned.extend(Warned(item.source, None, _DIED) for item in batch)
        return
    _take(found, done, sink)


def _take(found: Scan, done: Read, sink: Callable[[Call], object]) -> None:
    found.recordings += done.recordings
    found.not_read.extend(done.not_read)
    found.warned.extend(done.warned)
    for what, count in done.others.items():
        found.others[what] = found.others.get(what, 0) + count
    for call in done.calls:
        found.add(call)
        sink(call)


def _warn(found: Scan, file: str, reason: str) -> None:
    found.warned.append(Warned(names.clean(file), None, reason))
