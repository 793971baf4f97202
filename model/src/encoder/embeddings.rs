//! The token table, read row by row from the memory map.
//!
//! The table is four fifths of the model (250,037 rows for multilingual-e5-small), and a message touches a dozen
//! of them. So it stays on disk in its stored form, and only the rows that are looked up are ever decoded.

use std::io::Cursor;

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::Content;

use crate::folder::{MappedFile, ModelFolder, WEIGHTS};
use crate::{Error, Result};

/// Weights in a block of ggml's Q4_0 format, and the block's bytes: an fp16 scale and 16 bytes of nibbles.
const Q4_0_WEIGHTS: usize = 32;
const Q4_0_BYTES: usize = 18;

/// The rows of `embeddings.word_embeddings.weight`.
pub(super) struct TokenTable {
    file: MappedFile,
    start: usize,
    row_bytes: usize,
    rows: usize,
    blocks_of_four_bits: bool,
}

impl TokenTable {
    /// Maps the folder's weights and finds the table in them.
    pub(super) fn open_mapped(folder: &ModelFolder) -> Result<Self> {
        let file = folder.map(WEIGHTS)?;
        let content = Content::read(&mut Cursor::new(&file[..])).map_err(|error| {
            Error::unusable(folder.path().join(WEIGHTS), format!("{error}. Import the model again"))
        })?;
        Self::open(folder, file, &content)
    }

    fn open(folder: &ModelFolder, file: MappedFile, content: &Content) -> Result<Self> {
        const NAME: &str = "embeddings.word_embeddings.weight";
        let path = folder.path().join(WEIGHTS);
        let info = content.tensor_infos.get(NAME).ok_or_else(|| {
            Error::unusable(&path, format!("the tensor `{NAME}` is missing. Import the model again"))
        })?;
        let (rows, width) = info.shape.dims2()?;
        let architecture = &folder.manifest().architecture;
        if (rows, width) != (architecture.vocab_size, architecture.hidden_size) {
            let problem =
                format!("the tensor `{NAME}` is not of the manifest's sizes. Import the model again");
            return Err(Error::unusable(&path, problem));
        }
        let blocks_of_four_bits = match info.ggml_dtype {
            GgmlDType::Q4_0 => true,
            GgmlDType::F32 => false,
            other => {
                let problem = format!("the tensor `{NAME}` is of type {other:?}. Import the model again");
                return Err(Error::unusable(&path, problem));
            }
        };
        let row_bytes = if blocks_of_four_bits { width / Q4_0_WEIGHTS * Q4_0_BYTES } else { width * 4 };
        let start = usize::try_from(content.tensor_data_offset + info.offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(rows * row_bytes);
        if end > file.len() {
            return Err(Error::Truncated { path, needed: end as u64, found: file.len() as u64 });
        }
        Ok(Self { file, start, row_bytes, rows, blocks_of_four_bits })
    }

    /// Adds the row of token `id` to `out`. An id outside the table adds nothing.
    pub(super) fn add_row(&self, id: u32, out: &mut [f32]) {
        let id = id as usize;
        debug_assert!(id < self.rows, "token ids come from the model's own vocabulary");
        if id >= self.rows {
            return;
        }
        let row = &self.file[self.start + id * self.row_bytes..][..self.row_bytes];
        if self.blocks_of_four_bits {
            for (block, out) in row.chunks_exact(Q4_0_BYTES).zip(out.chunks_exact_mut(Q4_0_WEIGHTS)) {
                add_q4_0(block, out);
            }
        } else {
            for (bytes, out) in row.chunks_exact(4).zip(out) {
                *out += f32::from_le_bytes(bytes.try_into().expect("chunks of four"));
            }
        }
    }
}

/// Weight j is the low nibble of byte j, weight j + 16 the high one; both minus 8, times the scale.
fn add_q4_0(block: &[u8], out: &mut [f32]) {
    let scale = f16_to_f32(u16::from_le_bytes([block[0], block[1]]));
    let (low, high) = out.split_at_mut(Q4_0_WEIGHTS / 2);
    for ((&byte, low), high) in block[2..].iter().zip(low).zip(high) {
        *low += scale * (f32::from(byte & 15) - 8.0);
        *high += scale * (f32::from(byte >> 4) - 8.0);
    }
}

/// IEEE 754 half precision; scales are never infinite or NaN.
fn f16_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let mantissa = u32::from(bits & 0x3ff);
    if exponent == 0 {
        let magnitude = mantissa as f32 * 2_f32.powi(-24);
        return if sign == 0 { magnitude } else { -magnitude };
    }
    f32::from_bits(sign | ((exponent + 112) << 23) | (mantissa << 13))
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use candle_core::quantized::ggml_file::qtensor_from_ggml;

    use super::*;

    #[test]
    fn a_block_decodes_as_the_tensor_library_decodes_it() {
        let scales: [u16; 4] = [0x3c00, 0xb9a3, 0x0001, 0x2e66];
        for scale in scales {
            let mut block = scale.to_le_bytes().to_vec();
            block.extend((0..16).map(|j: u8| j.wrapping_mul(37) ^ 0x5a));
            let reference = qtensor_from_ggml(GgmlDType::Q4_0, &block, vec![32], &Device::Cpu)
                .and_then(|tensor| tensor.dequantize(&Device::Cpu)?.to_vec1::<f32>())
                .unwrap();
            let mut ours = [0.0; 32];
            add_q4_0(&block, &mut ours);
            assert_eq!(ours.as_slice(), reference);
        }
    }
}
