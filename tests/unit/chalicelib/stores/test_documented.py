"""docs/dynamodb.md names every kind of item there is, and no other."""

import re
from pathlib import Path

from chalicelib import wiring
from chalicelib.stores.table import Item

DOCUMENT = Path(__file__).resolve().parents[4] / "docs/dynamodb.md"


def test_every_kind_of_item_is_documented() -> None:
    assert wiring.build  # its import has loaded every store
    kinds = {item_class.kind.get_discriminator(item_class) for item_class in Item.kind.get_registered_subclasses(Item)}
    named = set(re.findall(r"\| `(\w+)` \|$", DOCUMENT.read_text(), re.MULTILINE))
    assert {kind for kind in kinds if kind and not kind.startswith("test_")} == named - {"kind"}
