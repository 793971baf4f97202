"""Writes the golden files: one JSON object a line, fit to be read and to survive an editor."""

import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path


def write_json_lines(path: Path, records: Iterable[dict]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for record in records:
            file.write(escape_fragile(json.dumps(record, ensure_ascii=False)) + "\n")
    print(f"{path.name}: {path.stat().st_size:,} bytes")


def escape_fragile(text: str) -> str:
    """Escapes what is invisible, or would be lost if somebody's editor composed characters."""
    return "".join(json.dumps(character)[1:-1] if is_fragile(character) else character for character in text)


def is_fragile(character: str) -> bool:
    composes = unicodedata.category(character).startswith("M") or "\u1100" <= character <= "\u11ff"
    return composes or not character.isprintable()
