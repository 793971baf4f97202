"""Rebuilds XLM-R's normaliser, which `e5-small-q4.bin` carries only in part.

SentencePiece normalises by a `charsmap`: rules from a string to a string, of which the longest that matches at a
place wins. XLM-R's is the `nmt_nfkc` of 2019, with 4,837 rules for one code point and 219,874 for sequences of
2 to 4 (`e` and U+0301 to `é`, `ｶ` and `ﾞ` to `ガ`). The bin has the former only. The installed SentencePiece has
a newer `nmt_nfkc`, and this takes from it the latter, less what newer versions of Unicode added.
"""

import hashlib
import struct
import tempfile
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2

Rules = dict[str, str]

XLM_R_SHA256 = "0942789e0111452f1cc446f70036e26d24458c3c7858c53cc12ca4d87531279b"
"""Of sentencepiece 0.1.83's `nmt_nfkc`, which was current when XLM-R was made, and whose 4,837 rules for one code
point are the bin's. What is compiled here equals it to the byte."""

BLOCKS_NEWER_THAN_XLM_R = [
    range(0x105C0, 0x10600),  # Todhri
    range(0x11380, 0x11400),  # Tulu-Tigalari
    range(0x11900, 0x11960),  # Dives Akuru
    range(0x16100, 0x16140),  # Gurung Khema
    range(0x16D40, 0x16D80),  # Kirat Rai
]
"""Scripts that Unicode encoded after 2019 with characters that compose, so that no one-code-point rule shows them."""


def xlm_r_charsmap(bin_rules: Rules) -> bytes:
    """The compiled charsmap of XLM-R, given its rules for single code points."""
    charsmap = compile_rules(xlm_r_rules(bin_rules))
    assert hashlib.sha256(charsmap).hexdigest() == XLM_R_SHA256, "not XLM-R's rules: is sentencepiece as pinned?"
    return charsmap


def xlm_r_rules(bin_rules: Rules) -> Rules:
    current = decompile(charsmap_of(sentencepiece.SentencePieceNormalizer(rule_name="nmt_nfkc")))
    added_since = {source for source in current if len(source) == 1} - set(bin_rules)

    def is_newer(character: str) -> bool:
        return character in added_since or any(ord(character) in block for block in BLOCKS_NEWER_THAN_XLM_R)

    sequences = {
        source: target
        for source, target in current.items()
        if len(source) > 1 and not any(map(is_newer, source))
    }
    return sequences | bin_rules


def compile_rules(rules: Rules) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "rules.tsv"
        table.write_text("".join(f"{hexadecimal(s)}\t{hexadecimal(t)}\n" for s, t in sorted(rules.items())))
        return charsmap_of(sentencepiece.SentencePieceNormalizer(rule_tsv=str(table)))


def charsmap_of(normaliser: sentencepiece.SentencePieceNormalizer) -> bytes:
    model = sentencepiece_model_pb2.ModelProto.FromString(normaliser.serialized_model_proto())
    return model.normalizer_spec.precompiled_charsmap


def decompile(charsmap: bytes) -> Rules:
    """Walks the double-array trie of darts-clone: u32 size, u32 units, then the NUL-terminated replacements."""
    (trie_bytes,) = struct.unpack_from("<I", charsmap)
    units = struct.unpack_from(f"<{trie_bytes // 4}I", charsmap, 4)
    replacements = charsmap[4 + trie_bytes :]
    rules = {}
    pending = [(0, b"")]
    while pending:
        node, key = pending.pop()
        unit = units[node]
        children = node ^ (unit >> 10 << (unit >> 6 & 8))
        if key and unit >> 8 & 1:
            start = units[children] & 0x7FFFFFFF
            rules[key.decode()] = replacements[start : replacements.index(b"\0", start)].decode()
        for byte in range(1, 256):
            child = children ^ byte
            if child < len(units) and units[child] & 0x800000FF == byte:
                pending.append((child, key + bytes([byte])))
    return rules


def hexadecimal(text: str) -> str:
    return " ".join(f"{ord(character):X}" for character in text)
