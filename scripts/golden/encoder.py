"""The reference encoder: Hugging Face transformers' BERT in float64, mean pooling, unit length."""

import numpy as np
import torch
from transformers import BertConfig, BertModel

from .e5_bin import E5Bin

EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
SUFFIXES = {"w": "weight", "b": "bias"}
LAYER_NORM_EPSILON = 1e-12  # the bin has it rounded to float32


class Encoder:
    def __init__(self, model: BertModel):
        self.model = model.eval().double()

    def vector(self, ids: list[int]) -> np.ndarray:
        """The mean over all tokens, the first and last special ones included, scaled to unit length."""
        with torch.inference_mode():
            hidden = self.model(input_ids=torch.tensor([ids])).last_hidden_state[0]  # [tokens, hidden]
            return torch.nn.functional.normalize(hidden.mean(dim=0), dim=0).numpy()


def encoder_from_e5_bin(e5: E5Bin) -> Encoder:
    config = BertConfig(
        vocab_size=e5.vocabulary_rows,
        hidden_size=e5.hidden_size,
        num_hidden_layers=e5.layers,
        num_attention_heads=e5.heads,
        intermediate_size=e5.intermediate_size,
        hidden_act="gelu",  # with the exact erf, not the tanh approximation
        max_position_embeddings=e5.max_positions,
        type_vocab_size=e5.token_types,
        layer_norm_eps=LAYER_NORM_EPSILON,
        attn_implementation="eager",
    )
    model = BertModel(config, add_pooling_layer=False)
    expected = model.state_dict()
    weights = {
        transformers_name(name): torch.from_numpy(values.copy()).reshape(expected[transformers_name(name)].shape)
        for name, values in e5.tensors.items()
    }
    model.load_state_dict(weights, strict=True)
    return Encoder(model)


def transformers_name(name: str) -> str:
    """`l3.ao.w` to `encoder.layer.3.attention.output.dense.weight`."""
    if name in EMBEDDING_NAMES:
        return EMBEDDING_NAMES[name]
    layer, part, suffix = name.split(".")
    return f"encoder.layer.{layer.removeprefix('l')}.{LAYER_NAMES[part]}.{SUFFIXES[suffix]}"
