//! `vocabulary.bin`: pieces, scores and normaliser of a SentencePiece Unigram model, laid out to be used as they are read.
//!
//! ```text
//! offset 0   magic `SDUV` and format version 1 (u32)
//!        8   eight u32, little-endian: number of pieces, ids of <s>, </s> and <unk>,
//!            bytes of the piece trie, of the rule trie and of the replacements, and the score of an unknown
//!            character (f32 bits)
//!       40   scores: one f32 a piece
//!            piece trie: a double array from UTF-8 to piece id
//!            rule trie: a double array from UTF-8 to an offset into the replacements; empty without rules
//!            replacements: UTF-8 texts, each ended by a NUL byte
//! ```
//! All sections but the last are multiples of four bytes long, so that each starts aligned.

use std::ops::Range;
use std::path::Path;

use yada::DoubleArray;
use yada::builder::DoubleArrayBuilder;

use super::charsmap::Charsmap;
use crate::{Error, Result};

const MAGIC: [u8; 4] = *b"SDUV";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 40;

/// How much worse than the least likely piece an unknown character is, as SentencePiece has it
/// (`kUnkPenalty` in `unigram_model.cc`).
const UNKNOWN_PENALTY: f32 = 10.0;

/// What goes into the file.
pub(crate) struct VocabularySource {
    /// Pieces by id. Special ones are `None`: no text may match them.
    pub(crate) pieces: Vec<Option<String>>,
    /// Log-probabilities by id.
    pub(crate) scores: Vec<f32>,
    pub(crate) start_id: u32,
    pub(crate) end_id: u32,
    pub(crate) unknown_id: u32,
    pub(crate) charsmap: Charsmap,
}

impl VocabularySource {
    /// Whether every id has a row in a token table of that many rows.
    pub(crate) fn check(&self, path: &Path, rows: usize) -> Result<()> {
        let ids = [self.start_id, self.end_id, self.unknown_id];
        let outside = ids.iter().any(|&id| id as usize >= rows);
        if self.pieces.len() > rows || self.pieces.len() != self.scores.len() || outside {
            let problem =
                format!("a vocabulary of {} pieces does not fit a table of {rows} rows", self.pieces.len());
            return Err(Error::unusable(path, problem));
        }
        Ok(())
    }

    /// The file's bytes.
    pub(crate) fn to_bytes(&self, path: &Path) -> Result<Vec<u8>> {
        let build = |keys: &[(&[u8], u32)]| {
            DoubleArrayBuilder::build(keys)
                .map_err(|error| Error::unusable(path, format!("the vocabulary cannot be built: {error:?}")))
        };
        let mut pieces: Vec<(&[u8], u32)> = (0..)
            .zip(&self.pieces)
            .filter_map(|(id, piece)| {
                Some((piece.as_deref().filter(|piece| !piece.is_empty())?.as_bytes(), id))
            })
            .collect();
        pieces.sort_unstable();
        pieces.dedup_by_key(|(piece, _)| *piece);

        let mut replacements = Vec::new();
        let mut rules: Vec<(&[u8], u32)> = Vec::with_capacity(self.charsmap.len());
        for (from, to) in &self.charsmap {
            rules.push((from.as_bytes(), u32_of(replacements.len())));
            replacements.extend_from_slice(to.as_bytes());
            replacements.push(0);
        }
        let piece_trie = build(&pieces)?;
        let rule_trie = if rules.is_empty() { Vec::new() } else { build(&rules)? };
        let least = pieces.iter().map(|&(_, id)| self.scores[id as usize]).fold(f32::INFINITY, f32::min);

        let mut bytes = Vec::new();
        bytes.extend_from_slice(&MAGIC);
        for number in [
            VERSION,
            u32_of(self.scores.len()),
            self.start_id,
            self.end_id,
            self.unknown_id,
            u32_of(piece_trie.len()),
            u32_of(rule_trie.len()),
            u32_of(replacements.len()),
            (least - UNKNOWN_PENALTY).to_bits(),
        ] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        debug_assert_eq!(bytes.len(), HEADER_BYTES);
        bytes.extend(self.scores.iter().flat_map(|score| score.to_le_bytes()));
        bytes.extend_from_slice(&piece_trie);
        bytes.extend_from_slice(&rule_trie);
        bytes.extend_from_slice(&replacements);
        Ok(bytes)
    }
}

/// The file's contents, its sections checked once. It is a copy of our own: the tries are read without looking at their bounds, so that
/// nobody may change them after the check.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    /// Whole words, so that the scores are aligned.
    words: Box<[u32]>,
    scores: Range<usize>,
    piece_trie: Range<usize>,
    rule_trie: Range<usize>,
    replacements: Range<usize>,
    pub(crate) start_id: u32,
    pub(crate) end_id: u32,
    pub(crate) unknown_id: u32,
    pub(crate) unknown_score: f32,
}

impl Vocabulary {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let read = std::fs::read(path).map_err(Error::io("read", path))?;
        let mut words = vec![0_u32; read.len().div_ceil(4)].into_boxed_slice();
        let file = &mut bytemuck::cast_slice_mut::<u32, u8>(&mut words)[..read.len()];
        file.copy_from_slice(&read);
        let file: &[u8] = file;
        if file.get(..4) != Some(&MAGIC) {
            let found = file.iter().copied().take(4).collect();
            return Err(Error::WrongMagic { path: path.to_path_buf(), expected: "vocabulary.bin", found });
        }
        let truncated = |needed: usize| Error::Truncated {
            path: path.to_path_buf(),
            needed: needed as u64,
            found: file.len() as u64,
        };
        let header = file.get(4..HEADER_BYTES).ok_or_else(|| truncated(HEADER_BYTES))?;
        let mut numbers = header
            .chunks_exact(4)
            .map(|bytes| u32::from_le_bytes(bytes.try_into().expect("chunks of four bytes")));
        let mut next = || numbers.next().expect("nine numbers in the header");
        let version = next();
        if version != VERSION {
            let problem = format!("version {version} is not {VERSION}. Import the model again");
            return Err(Error::unusable(path, problem));
        }
        let pieces = next() as usize;
        let (start_id, end_id, unknown_id) = (next(), next(), next());
        let lengths = [pieces * 4, next() as usize, next() as usize, next() as usize];
        let unknown_score = f32::from_bits(next());
        let mut end = HEADER_BYTES;
        let [scores, piece_trie, rule_trie, replacements] = lengths.map(|length| {
            let start = end;
            end += length;
            start..end
        });
        if file.len() < end {
            return Err(truncated(end));
        }
        // Tries are read without looking at their bounds, so nothing may pass here that leads out of them. There may be no rules; there must be
        // pieces.
        let tries = [Some(&piece_trie), Some(&rule_trie).filter(|trie| !trie.is_empty())];
        for trie in tries.into_iter().flatten() {
            DoubleArray::new(&file[trie.clone()])
                .map_err(|error| Error::unusable(path, format!("a trie is damaged: {error:?}")))?;
            // The library checks every unit but a root that claims to be a leaf.
            if file.get(trie.start + 3).is_some_and(|byte| byte & 0x80 != 0) {
                return Err(Error::unusable(path, "a trie is damaged: its root is a leaf"));
            }
        }
        Ok(Self {
            words,
            scores,
            piece_trie,
            rule_trie,
            replacements,
            start_id,
            end_id,
            unknown_id,
            unknown_score,
        })
    }

    fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.words)
    }

    /// From UTF-8 to piece ids.
    pub(crate) fn piece_trie(&self) -> DoubleArray<&[u8]> {
        DoubleArray(&self.bytes()[self.piece_trie.clone()])
    }

    /// From UTF-8 to what [`replacement`](Self::replacement) takes; `None` when nothing is replaced.
    pub(crate) fn rule_trie(&self) -> Option<DoubleArray<&[u8]>> {
        (!self.rule_trie.is_empty()).then(|| DoubleArray(&self.bytes()[self.rule_trie.clone()]))
    }

    /// Log-probabilities by piece id.
    pub(crate) fn scores(&self) -> &[f32] {
        bytemuck::cast_slice(&self.bytes()[self.scores.clone()])
    }

    /// The text that a rule puts in place of its match.
    pub(crate) fn replacement(&self, offset: u32) -> &str {
        let texts = &self.bytes()[self.replacements.clone()];
        let rest = texts.get(offset as usize..).unwrap_or_default();
        let end = rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len());
        str::from_utf8(&rest[..end]).unwrap_or_default()
    }
}

fn u32_of(length: usize) -> u32 {
    u32::try_from(length).expect("a vocabulary is far smaller than 4 GiB")
}
