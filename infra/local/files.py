"""Writing files so that a crash leaves the old or the new content, nothing between."""

import os
from pathlib import Path


def replace_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Write `text` to `path` in one step; the file has `mode` from its first byte on."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
