"""all-MiniLM-L6-v2, read by transformers from a Hugging Face folder as it comes from the registry."""

import json
from pathlib import Path

from transformers import AutoTokenizer, BertModel

from .encoder import Encoder


class MiniLm:
    def __init__(self, folder: Path):
        """The longest text is what sentence-transformers goes by, 256 tokens in `sentence_bert_config.json`.

        `tokenizer.json` would cut and pad to 128, and `tokenizer_config.json` allows 512.
        """
        self.max_tokens = json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"]
        self.tokeniser = AutoTokenizer.from_pretrained(folder)
        self.encoder = Encoder(BertModel.from_pretrained(folder, attn_implementation="eager"))

    def ids(self, text: str) -> list[int]:
        """All ids. `split_special_tokens` keeps a `[SEP]` that somebody types text."""
        return self.tokeniser(text, split_special_tokens=True, padding=False, truncation=False)["input_ids"]

    def truncated_ids(self, text: str) -> tuple[list[int], bool]:
        ids = self.ids(text)
        if len(ids) <= self.max_tokens:
            return ids, False
        return [*ids[: self.max_tokens - 1], ids[-1]], True
