"""The reference tokeniser: Google's SentencePiece library over the pieces and scores of `e5-small-q4.bin`."""

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as schema

from .e5_bin import E5Bin

BEGIN, PAD, END, UNKNOWN = "<s>", "<pad>", "</s>", "<unk>"
MASK = "<mask>"
MAX_TOKENS = 512


class Tokeniser:
    def __init__(self, e5: E5Bin, charsmap: bytes):
        model = sentencepiece_model(e5, charsmap)
        self.processor = sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())
        self.begin = self.processor.piece_to_id(BEGIN)
        self.end = self.processor.piece_to_id(END)

    def ids(self, text: str) -> list[int]:
        """All token ids of `text`, between `<s>` and `</s>`."""
        return [self.begin, *self.processor.encode(text), self.end]

    def truncated_ids(self, text: str) -> tuple[list[int], bool]:
        """At most 512 ids, and whether some were left out: the last ones, but not `</s>`, as transformers does it."""
        ids = self.ids(text)
        if len(ids) <= MAX_TOKENS:
            return ids, False
        return [*ids[: MAX_TOKENS - 1], self.end], True


def sentencepiece_model(e5: E5Bin, charsmap: bytes) -> schema.ModelProto:
    """XLM-R's model, with the pieces in the bin's order, which is fairseq's: an index needs no mapping to an id.

    The special pieces are of a type that never matches text, so that a `</s>` that somebody types stays text.
    """
    model = schema.ModelProto()
    kind = schema.ModelProto.SentencePiece
    types = {BEGIN: kind.CONTROL, PAD: kind.CONTROL, END: kind.CONTROL, UNKNOWN: kind.UNKNOWN, MASK: kind.CONTROL}
    for piece, score in zip(e5.pieces, e5.scores):
        model.pieces.add(piece=piece, score=score, type=types.get(piece, kind.NORMAL))

    model.trainer_spec.model_type = schema.TrainerSpec.UNIGRAM
    model.trainer_spec.vocab_size = len(e5.pieces)
    model.trainer_spec.bos_id = e5.pieces.index(BEGIN)
    model.trainer_spec.pad_id = e5.pieces.index(PAD)
    model.trainer_spec.eos_id = e5.pieces.index(END)
    model.trainer_spec.unk_id = e5.pieces.index(UNKNOWN)

    model.normalizer_spec.name = "nmt_nfkc"
    model.normalizer_spec.precompiled_charsmap = charsmap
    model.normalizer_spec.add_dummy_prefix = True
    model.normalizer_spec.remove_extra_whitespaces = True
    model.normalizer_spec.escape_whitespaces = True
    return model
