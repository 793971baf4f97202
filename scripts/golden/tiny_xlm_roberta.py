"""Writes a tiny XLM-R with random weights, and golden vectors from it, so that its import is tested with no download.

    pip install -r scripts/golden-embeddings.requirements.txt
    python scripts/golden/tiny_xlm_roberta.py

writes into `model/tests/golden/`
- `tiny-xlm-roberta/`: a Hugging Face folder with what sets XLM-R apart from BERT. The first position is
  `pad_token_id` + 1, there is one token type, and the tensors are those of an `XLMRobertaForMaskedLM`: the encoder's
  have the prefix `roberta.`, and an `lm_head.` stands beside them. `tokenizer.json` would cut and pad.
- `tiny-xlm-roberta.jsonl`: texts, their ids with the prompt of their kind, and their vectors

Vectors are computed in float64 by transformers from the written folder, and have 6 significant digits. Every run gives
the same files: the weights come from a generator of NumPy's whose stream is frozen. Takes a few seconds.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from tokenizers import AddedToken, models, pre_tokenizers, processors
from tokenizers import Tokenizer as HuggingFaceTokenizer
from transformers import XLMRobertaConfig, XLMRobertaForMaskedLM, XLMRobertaModel

sys.path[0] = str(Path(__file__).resolve().parent.parent)  # as for `scripts/golden-embeddings.py`
from golden.embedding_texts import Example  # noqa: E402
from golden.encoder import Encoder  # noqa: E402
from golden.json_lines import write_json_lines  # noqa: E402
from golden.tokeniser import BEGIN, END, MASK, PAD, UNKNOWN  # noqa: E402

GOLDEN = Path(__file__).resolve().parent.parent.parent / "model/tests/golden"
NAME = "tiny-xlm-roberta"

SEED = 20191105
WEIGHT_DEVIATION = 0.3
"""15 times the usual. With small weights all vectors are much the same, and a wrong position hardly turns them."""

MAX_TOKENS = 32
FIRST_POSITION = 2  # `pad_token_id` + 1; rows 0 and 1 of the position table belong to no token

FILE_TRUNCATION = 16
FILE_PADDING = 24
"""What `tokenizer.json` says, as many published ones do. An import has to switch both off."""

PROMPTS = {"query": "ask ", "document": "doc "}
PROMPT_OF_KIND = {"query": PROMPTS["query"], "passage": PROMPTS["document"]}

WORDS = "ask doc where is my order the parcel return refund in day we you can".split()
PARTS = ["ing", "ed", "er", "re", "退货", "订单", "退", "货", "款", "，", "？", "?", ".", *"abcdefghijklmnopqrstuvwxyz"]

EXAMPLES = [
    Example("plain-query", "query", "where is my order?"),
    Example("plain-passage", "passage", "you can return it in ten days."),
    # Only the prompt sets these two apart
    Example("either-kind-query", "query", "return refund"),
    Example("either-kind-passage", "passage", "return refund"),
    # Only the positions set these two apart
    Example("one-order", "query", "my order is in the parcel"),
    Example("other-order", "query", "the parcel is in my order"),
    Example("chinese", "query", "退货，退款？ 我的订单"),
    Example("unknown", "passage", "Café 😀 day"),
    Example("empty", "query", ""),
    Example("spaces", "passage", "  my\t order \n\u3000 in "),
    # Length
    Example("exactly-32", "query", "the parcel " * 14 + "in"),
    Example("too-long", "passage", "we refund you in ten days, or you can return the order. " * 4),
]


def main() -> None:
    torch.set_num_threads(1)
    folder = GOLDEN / NAME
    write_folder(folder)
    print(f"{folder.name}/: {sum(path.stat().st_size for path in folder.rglob('*') if path.is_file()):,} bytes")

    tokeniser = HuggingFaceTokenizer.from_file(str(folder / "tokenizer.json"))
    encoder = read_encoder(folder)
    records = [record(example, tokeniser, encoder) for example in EXAMPLES]
    check(records, encoder)
    write_json_lines(GOLDEN / f"{NAME}.jsonl", records)


def write_folder(folder: Path) -> None:
    pieces = scored_pieces()
    config = XLMRobertaConfig(
        architectures=["XLMRobertaForMaskedLM"],
        vocab_size=len(pieces),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        hidden_act="gelu",  # with the exact erf, not the tanh approximation
        max_position_embeddings=MAX_TOKENS + FIRST_POSITION,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        initializer_range=WEIGHT_DEVIATION,
        bos_token_id=0,
        pad_token_id=FIRST_POSITION - 1,
        eos_token_id=2,
    )
    pooling = {"word_embedding_dimension": config.hidden_size, "pooling_mode_mean_tokens": True}
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config.to_diff_dict())
    write_json(folder / "1_Pooling/config.json", pooling)
    write_json(folder / "config_sentence_transformers.json", {"prompts": PROMPTS})
    write_json(folder / "tokenizer.json", json.loads(tokeniser_of(pieces).to_str()))
    (folder / "model.safetensors").write_bytes(save(random_weights(config), metadata={"format": "pt"}))


def scored_pieces() -> list[tuple[str, float]]:
    """In XLM-R's order. Whole words are likelier than parts, and no two pieces are equally likely."""
    ordinary = ["▁", *(f"▁{word}" for word in WORDS), *PARTS]
    scores = [round(-3 - 0.125 * rank, 3) for rank in range(len(ordinary))]
    return [(BEGIN, 0.0), (PAD, 0.0), (END, 0.0), (UNKNOWN, 0.0), *zip(ordinary, scores), (MASK, 0.0)]


def tokeniser_of(pieces: list[tuple[str, float]]) -> HuggingFaceTokenizer:
    """As transformers 5 builds it for XLM-R, but with no normaliser."""
    ids = {piece: index for index, (piece, _) in enumerate(pieces)}
    tokeniser = HuggingFaceTokenizer(models.Unigram(pieces, ids[UNKNOWN], False))
    tokeniser.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]
    )
    tokeniser.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A {END}",
        pair=f"{BEGIN} $A {END} {END} $B {END}",
        special_tokens=[(BEGIN, ids[BEGIN]), (END, ids[END])],
    )
    tokeniser.add_special_tokens(
        [*(AddedToken(piece) for piece in (BEGIN, PAD, END, UNKNOWN)), AddedToken(MASK, lstrip=True)]
    )
    tokeniser.enable_truncation(FILE_TRUNCATION)
    tokeniser.enable_padding(length=FILE_PADDING, pad_id=ids[PAD], pad_token=PAD)
    return tokeniser


def random_weights(config: XLMRobertaConfig) -> dict[str, torch.Tensor]:
    """A value for every tensor; biases and layer norms too, which a fresh model has at 0 and 1."""
    model = XLMRobertaForMaskedLM(config)
    random = np.random.RandomState(SEED)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            values = WEIGHT_DEVIATION * random.standard_normal(tuple(weight.shape))
            around = 1 if name.lower().endswith(("layernorm.weight", "layer_norm.weight")) else 0
            weight.copy_(torch.from_numpy(around + values))
    return {name: weight.clone() for name, weight in model.state_dict().items()}  # a safetensors file shares nothing


def write_json(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n")


def read_encoder(folder: Path) -> Encoder:
    model, loading = XLMRobertaModel.from_pretrained(
        folder, add_pooling_layer=False, attn_implementation="eager", output_loading_info=True
    )
    assert not loading["missing_keys"], f"transformers misses {loading['missing_keys']}"
    return Encoder(model)


def record(example: Example, tokeniser: HuggingFaceTokenizer, encoder: Encoder) -> dict:
    ids, truncated = truncated_ids(tokeniser, PROMPT_OF_KIND[example.kind] + example.text)
    vector = [float(f"{value:.6g}") for value in encoder.vector(ids)]
    return {**example._asdict(), "ids": ids, "truncated": truncated, "vector": vector}


def truncated_ids(tokeniser: HuggingFaceTokenizer, text: str) -> tuple[list[int], bool]:
    tokeniser.no_padding()
    tokeniser.no_truncation()
    ids = tokeniser.encode(text).ids
    if len(ids) <= MAX_TOKENS:
        return ids, False
    return [*ids[: MAX_TOKENS - 1], ids[-1]], True


def check(records: list[dict], encoder: Encoder) -> None:
    """That the examples are what their names say, and that mistakes show in the vectors."""
    lengths = {record["name"]: (len(record["ids"]), record["truncated"]) for record in records}
    assert lengths["exactly-32"] == (MAX_TOKENS, False), lengths
    assert [name for name, (_, truncated) in lengths.items() if truncated] == ["too-long"], lengths
    assert all(FIRST_POSITION - 1 not in record["ids"] for record in records), "padding has no position"

    vectors = np.array([record["vector"] for record in records])
    alike = np.triu(vectors @ vectors.T, k=1).max()
    assert alike < 0.99, f"two vectors have the cosine {alike:.4f}"
    for first_position, is_right in [(0, False), (1, False), (FIRST_POSITION, True)]:
        moved = [vector_at(first_position, record["ids"], encoder) for record in records]
        cosines = (vectors * moved).sum(axis=1)
        assert cosines.min() > 0.999999 if is_right else cosines.max() < 0.99, (first_position, cosines)
        print(f"first position {first_position}: cosines from {cosines.min():.4f} to {cosines.max():.4f}")
    print(f"cosines of two texts up to {alike:.4f}")


def vector_at(first_position: int, ids: list[int], encoder: Encoder) -> np.ndarray:
    positions = torch.arange(first_position, first_position + len(ids))
    with torch.inference_mode():
        hidden = encoder.model(input_ids=torch.tensor([ids]), position_ids=positions[None]).last_hidden_state[0]
        return torch.nn.functional.normalize(hidden.mean(dim=0), dim=0).numpy()


if __name__ == "__main__":
    main()
