//! The whole network, of sizes that fit nowhere.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor};

use super::Random;
use crate::encoder::{Engine, EngineChoice};
use crate::folder::Architecture;
use crate::import::{ImportOptions, import};
use crate::{EncoderOptions, Role, TextEncoder};

/// A head of 8, heads that do not fill 64 columns, a hidden width that is no multiple of 16.
#[test]
#[cfg_attr(miri, ignore = "reads and writes files")]
fn a_network_of_odd_sizes_is_close_to_the_reference_whatever_ran_before() {
    let scratch = tempfile::tempdir().unwrap();
    let checkpoint = scratch.path().join("checkpoint");
    write_odd_checkpoint(&checkpoint);
    let target = scratch.path().join("model");
    import(&checkpoint, &target, &ImportOptions::default()).unwrap();
    let open = |engine| {
        let options = EncoderOptions { engine: EngineChoice::Forced(engine), ..EncoderOptions::default() };
        TextEncoder::open(&target, &options).unwrap()
    };
    let texts = ["快递三天没动了", "where is my parcel?", "x", "退货运费谁出？我穿不了，想换大一码的"];
    let reference = open(Engine::Candle).embed_all(&texts, Role::Query).unwrap();
    for engine in Engine::ALL.into_iter().filter(|&engine| engine != Engine::Candle && engine.runs_here()) {
        let used = open(engine);
        for (text, reference) in texts.iter().zip(&reference) {
            let fresh = open(engine).embed(text, Role::Query).unwrap().embedding;
            let after_others = used.embed(text, Role::Query).unwrap().embedding;
            assert!(fresh == after_others, "{engine}: what ran before makes a difference to {text}");
            let cosine = fresh.cosine(&reference.embedding);
            assert!(cosine > 0.9995, "{engine}: {text}, cosine {cosine}");
        }
    }
}

fn write_odd_checkpoint(folder: &Path) {
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tiny-xlm-roberta");
    std::fs::create_dir(folder).unwrap();
    std::fs::copy(tiny.join("tokenizer.json"), folder.join("tokenizer.json")).unwrap();
    let config = std::fs::read_to_string(tiny.join("config.json")).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(&config).unwrap();
    for (key, value) in [
        ("hidden_size", 72),
        ("num_attention_heads", 9),
        ("intermediate_size", 100),
        ("num_hidden_layers", 4),
    ] {
        config[key] = value.into();
    }
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    let size = |key: &str| config[key].as_u64().unwrap() as usize;
    let architecture = Architecture {
        vocab_size: size("vocab_size"),
        hidden_size: 72,
        num_hidden_layers: 4,
        num_attention_heads: 9,
        intermediate_size: 100,
        max_position_embeddings: size("max_position_embeddings"),
        type_vocab_size: size("type_vocab_size"),
        layer_norm_eps: 1e-5,
        first_position: 2,
    };
    let mut random = Random(7);
    let mut tensors = HashMap::new();
    for (name, shape) in architecture.tensor_shapes() {
        let count = shape.iter().product();
        let mut values = random.floats(count, 2.0 / (shape[shape.len() - 1] as f32).sqrt());
        if name.ends_with("LayerNorm.weight") {
            values.iter_mut().for_each(|value| *value += 1.0);
        }
        tensors.insert(name, Tensor::from_vec(values, shape, &Device::Cpu).unwrap());
    }
    candle_core::safetensors::save(&tensors, folder.join("model.safetensors")).unwrap();
}
