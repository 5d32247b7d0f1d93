"""A local database with a table full of meetings, imported from a file: writing them one by one takes minutes."""

import gzip
import json
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chalicelib.stores import table
from tests.local_database import dynoxide_binary, local_database

NAME = "parley-bench"
_KEYS = {
    "TableName": NAME,
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
    ],
}


@contextmanager
def database_of(rows: Iterable[dict[str, Any]]) -> Iterator[int]:
    """Run a database whose one table, bound, holds `rows`; yield how many there are."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        count = _export(rows, Path(folder))
        made = Path(folder, "bench.db")
        schema = Path(folder, "schema.json")
        schema.write_text(json.dumps({"Table": _KEYS}))
        command = [str(dynoxide_binary()), "import", "--source", folder, "--schema", str(schema), "--output", str(made)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with local_database(made):
            table.bind(NAME)
            yield count


def _export(rows: Iterable[dict[str, Any]], folder: Path) -> int:
    """Write the rows as DynamoDB exports a table."""
    data = folder / NAME / "data"
    data.mkdir(parents=True)
    count = 0
    with gzip.open(data / "rows.json.gz", "wt", compresslevel=1) as file:
        for row in rows:
            file.write(json.dumps({"Item": row}, separators=(",", ":")) + "\n")
            count += 1
    return count
