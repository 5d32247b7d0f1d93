"""How far each shard of a stream has been read, kept in one small JSON file that survives a crash.

A position is saved after its records were handled: after a crash the last batch may be delivered twice, never not at
all. A file that cannot be read counts as no position.
"""

import json
import logging
from pathlib import Path

from infra.local.files import replace_text

log = logging.getLogger("parley.event_sources")


class StreamPositions:
    """Sequence numbers by stream and shard. Only the newest stream is kept: an older one has no table any more."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream = ""
        self._shards: dict[str, str] = {}
        self._load()

    def get(self, stream: str, shard: str) -> str | None:
        """Return the sequence number of the last record handled, or None."""
        return self._shards.get(shard) if stream == self._stream else None

    def put(self, stream: str, shard: str, sequence_number: str) -> None:
        """Save that every record of the shard up to `sequence_number` is handled."""
        if stream != self._stream:
            self._stream, self._shards = stream, {}
        self._shards[shard] = sequence_number
        replace_text(self._path, json.dumps({"stream": self._stream, "shards": self._shards}))

    def _load(self) -> None:
        try:
            saved = json.loads(self._path.read_text())
            self._stream, self._shards = str(saved["stream"]), {k: str(v) for k, v in saved["shards"].items()}
        except FileNotFoundError:
            return
        except (ValueError, KeyError, AttributeError, TypeError):
            log.warning("%s is damaged: reading the stream from its oldest record", self._path)
