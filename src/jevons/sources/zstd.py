"""zstd, from whatever this machine has: Python 3.14's own, the zstandard package, the zstd program."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from jevons.sources.exchange import UnreadableError

_WINDOW_LOG = 31
"""Archives made with ``zstd --long`` need a larger window than the 8 MB that readers allow by default."""


class Decoder(Protocol):
    """Decompresses data as it comes."""

    def decompress(self, data: bytes) -> bytes:
        """The next bytes."""
        ...


def decoder() -> Decoder:
    """A decoder. Raises ImportError where neither library is there."""
    try:
        from compression.zstd import (  # type: ignore[import-not-found,unused-ignore]  # Python 3.14
            DecompressionParameter,
            ZstdDecompressor,
        )
    except ImportError:
        import zstandard

        made: Any = zstandard.ZstdDecompressor(max_window_size=1 << _WINDOW_LOG).decompressobj()
    else:
        made = ZstdDecompressor(options={DecompressionParameter.window_log_max: _WINDOW_LOG})
    return cast(Decoder, made)


class Opened:
    """A zstd file read as a stream. Close it, or use it in a with statement."""

    def __init__(self, path: Path) -> None:
        self._program: subprocess.Popen[bytes] | None = None
        self.stream: BinaryIO = self._open(path)

    def _open(self, path: Path) -> BinaryIO:
        try:
            from compression.zstd import (  # type: ignore[import-not-found,unused-ignore]
                DecompressionParameter,
                ZstdFile,
            )
        except ImportError:
            pass
        else:
            options = {DecompressionParameter.window_log_max: _WINDOW_LOG}
            return cast(BinaryIO, ZstdFile(path, options=options))
        try:
            import zstandard
        except ImportError:
            return self._run(path)
        reader = zstandard.ZstdDecompressor(max_window_size=1 << _WINDOW_LOG)
        return cast(BinaryIO, reader.stream_reader(path.open("rb"), read_across_frames=True))

    def _run(self, path: Path) -> BinaryIO:
        program = shutil.which("zstd")
        if program is None:
            raise UnreadableError(
                "is compressed with zstd, which nothing here can read: `pip install zstandard`, install the zstd "
                "program, or use Python 3.14"
            )
        self._program = subprocess.Popen(  # noqa: S603  # the file is one argument, after --
            [program, "-dcq", f"--long={_WINDOW_LOG}", "--", str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._program.stdout is not None  # noqa: S101
        return cast(BinaryIO, self._program.stdout)

    def __enter__(self) -> BinaryIO:
        return self.stream

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        if self._program is not None:
            self._program.kill()  # done, or no longer wanted
            self._program.wait()
