"""Files put into a folder, here or behind a URL: there whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_WITHOUT_RENAMING = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci", "memory")
"""Protocols of stores where a file appears when it is whole, and renaming would copy it."""


def put_here(folder: Path, name: str, content: bytes) -> None:
    """Into a folder on this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{name}.part"
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, folder / name)


def put_there(url: str, options: Mapping[str, object], name: str, content: bytes) -> None:
    """Behind a URL in fsspec's form, with what fsspec needs to open it."""
    import fsspec

    system, folder = fsspec.core.url_to_fs(url, **options)
    target = f"{folder.rstrip('/')}/{name}"
    protocols = (system.protocol,) if isinstance(system.protocol, str) else system.protocol
    if set(protocols) & set(_WITHOUT_RENAMING):
        system.pipe_file(target, content)
        return
    system.makedirs(folder, exist_ok=True)
    unfinished = f"{folder.rstrip('/')}/.{name}.part"
    system.pipe_file(unfinished, content)
    if system.exists(target):
        system.rm_file(target)
    system.mv(unfinished, target)
