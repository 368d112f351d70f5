"""What steps write to standard output and error, kept in files and shown where it was meant for.

Dagster's own class begins four processes a run for it, a ``tail`` of each file and one that watches it, which on a
small machine is a tenth of a short run. Here threads of the run's own process follow the files. The files are
Dagster's, and what is written goes to them directly, so that nothing is lost when a process is killed.

Belongs here: following what is captured. Does not belong here: our own progress and logging.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TextIO

from dagster._core.execution.compute_logs import redirect_to_file
from dagster._core.storage.compute_log_manager import CapturedLogContext, ComputeIOType
from dagster._core.storage.local_compute_log_manager import IO_TYPE_EXTENSION, LocalComputeLogManager

from cdp_assets.automation.instance_home import AtHome

_LOOK_EVERY = 0.1
"""Seconds until what was written is shown."""
_AT_ONCE = 1 << 16


class ComputeLogs(AtHome, LocalComputeLogManager):
    """`LocalComputeLogManager` in ``storage`` below the instance's folder (Dagster's own place), without processes."""

    place = "storage"

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Iterator[CapturedLogContext]:
        captured = {ComputeIOType.STDOUT: sys.stdout, ComputeIOType.STDERR: sys.stderr}
        with ExitStack() as around:
            for kind, stream in captured.items():
                file = Path(self.get_captured_local_path(log_key, IO_TYPE_EXTENSION[kind]))
                file.parent.mkdir(parents=True, exist_ok=True)
                file.touch()
                around.enter_context(_shown(file, stream))
                around.enter_context(redirect_to_file(stream, str(file)))
            yield CapturedLogContext(log_key)
        Path(self.complete_artifact_path(log_key)).touch()  # type: ignore[no-untyped-call]


@contextmanager
def _shown(file: Path, stream: TextIO) -> Iterator[None]:
    """Copy what comes at the end of a file to where a stream leads now."""
    descriptor = _descriptor(stream)
    if descriptor is None:
        yield
        return
    with file.open("rb") as written, os.fdopen(os.dup(descriptor), "wb", buffering=0) as shown:
        written.seek(0, os.SEEK_END)
        ended = threading.Event()

        def follow() -> None:
            last = False
            with suppress(OSError):  # whoever looked is gone: it is in the file
                while not last:
                    last = ended.wait(_LOOK_EVERY)  # once more after the end
                    while piece := written.read(_AT_ONCE):
                        while piece:
                            piece = piece[shown.write(piece) :]

        following = threading.Thread(target=follow, name=f"follow {file.name}", daemon=True)
        following.start()
        try:
            yield
        finally:
            ended.set()
            following.join()


def _descriptor(stream: TextIO) -> int | None:
    """Its number; None for what is no file, as tests have it."""
    try:
        return stream.fileno()
    except (AttributeError, OSError):
        return None
