"""Compares the reference with Hugging Face `tokenizers`, and says why each difference is one.

XLM-R was trained on what SentencePiece makes of a text, so SentencePiece is right where the two differ.
"""

from collections import Counter
from collections.abc import Iterable

from tokenizers import Tokenizer as HuggingFaceTokenizer
from tokenizers import models, normalizers, pre_tokenizers

from .e5_bin import E5Bin
from .tokeniser import BEGIN, END, MASK, PAD, UNKNOWN, Tokeniser


def cross_check(e5: E5Bin, charsmap: bytes, reference: Tokeniser, texts: Iterable[str]) -> None:
    other = hugging_face_tokeniser(e5, charsmap)
    reasons = Counter()
    for text in texts:
        expected = reference.ids(text)[1:-1]
        ids = other.encode(text, add_special_tokens=False).ids
        if ids != expected:
            reason = reason_for_difference(other, reference, text)
            reasons[reason] += 1
            print(f"{reason}: {ascii(text[:40])}: {ids[:12]}, not {expected[:12]}")
    print(f"Hugging Face tokenizers differs from SentencePiece in {reasons.total()} texts: {dict(reasons)}")


def hugging_face_tokeniser(e5: E5Bin, charsmap: bytes) -> HuggingFaceTokenizer:
    """As transformers 5 builds it for XLM-R, but without looking for the special tokens in a text."""
    tokeniser = HuggingFaceTokenizer(models.Unigram(list(zip(e5.pieces, e5.scores)), e5.unknown_id, False))
    tokeniser.normalizer = normalizers.Precompiled(charsmap)
    tokeniser.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]
    )
    return tokeniser


def reason_for_difference(other: HuggingFaceTokenizer, reference: Tokeniser, text: str) -> str:
    normalised = reference.processor.normalize(text)
    if any(special in normalised for special in (BEGIN, PAD, END, UNKNOWN, MASK)):
        return "special tokens are pieces too, with the best score of all"
    if "\u0085" in text:
        return "U+0085 taken for a space"
    if "".join("▁" + word for word in other.normalizer.normalize_str(text).split()) != normalised:
        return "normalises whole grapheme clusters, and by the shortest rule"
    return "adds up scores in float64"
