"""The keys of the bucket: the same as those of functions/object-key.ts."""

import hashlib
import re

# S3 takes keys of 1,024 bytes; a table's key may have 2,048, and each byte may need three.
LONGEST = 900


def object_key(name: str) -> str:
    """For example `Amazon_(company).json`; different names have different keys."""
    encoded = "".join(map(encode_byte, name.encode()))
    if len(encoded) <= LONGEST:
        return f"{encoded}.json"
    return f"{encoded[:LONGEST]}!!{hashlib.sha256(name.encode()).hexdigest()}.json"


def encode_byte(byte: int) -> str:
    character = chr(byte)
    if character == " ":
        return "_"
    return character if re.match(r"[A-Za-z0-9.()-]", character) else f"!{byte:02X}"
