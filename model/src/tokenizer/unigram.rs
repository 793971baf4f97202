//! SentencePiece's Unigram tokeniser: the segmentation of a text whose pieces are together the most likely.
//!
//! Follows `normalizer.cc` and `unigram_model.cc` (`EncodeOptimized`) of
//! <https://github.com/google/sentencepiece>; the model is Kudo (2018), <https://arxiv.org/abs/1804.10959>.

use super::vocabulary::Vocabulary;
use crate::Result;
use crate::folder::ModelFolder;

/// How SentencePiece writes a space.
const SPACE: &str = "\u{2581}";

/// The tokeniser over a vocabulary.
pub(crate) struct Unigram {
    vocabulary: Vocabulary,
}

impl Unigram {
    pub(crate) fn open(folder: &ModelFolder) -> Result<Self> {
        let name = folder.manifest().tokenizer.file_name();
        let vocabulary = Vocabulary::open(&folder.path().join(name))?;
        Ok(Self { vocabulary })
    }

    /// Token ids from the start token to the end token.
    pub(crate) fn encode(&self, text: &str) -> Vec<u32> {
        let normalized = self.normalize(text);
        let mut ids = vec![self.vocabulary.start_id];
        self.segment(&normalized, &mut ids);
        ids.push(self.vocabulary.end_id);
        ids
    }

    /// Applies the replacement rules, folds runs of spaces, trims, and writes spaces visibly, one in front.
    fn normalize(&self, text: &str) -> String {
        let rules = self.vocabulary.rule_trie();
        let mut normalized = String::with_capacity(text.len() * 2 + SPACE.len());
        let mut after_space = true;
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let longest = rules.as_ref().and_then(|rules| rules.common_prefix_search(rest.as_bytes()).last());
            let (replacement, consumed) = match longest {
                Some((offset, length)) => (self.vocabulary.replacement(offset), length),
                None => (&rest[..first.len_utf8()], first.len_utf8()),
            };
            for character in replacement.chars() {
                if character == ' ' {
                    after_space = true;
                    continue;
                }
                if std::mem::take(&mut after_space) {
                    normalized.push_str(SPACE);
                }
                normalized.push(character);
            }
            rest = &rest[consumed..];
        }
        normalized
    }

    /// Viterbi over all pieces of the vocabulary; a character that no piece covers is unknown, and neighbouring
    /// unknown ones are one token.
    fn segment(&self, normalized: &str, ids: &mut Vec<u32>) {
        /// The best way to reach a byte position, and its last piece.
        #[derive(Clone, Copy)]
        struct Best {
            score: f32,
            start: u32,
            id: u32,
        }
        const UNREACHED: Best = Best { score: f32::NEG_INFINITY, start: u32::MAX, id: 0 };

        let bytes = normalized.as_bytes();
        let trie = self.vocabulary.piece_trie();
        let scores = self.vocabulary.scores();
        let mut best = vec![UNREACHED; bytes.len() + 1];
        best[0].score = 0.0;
        for (start, character) in normalized.char_indices() {
            let score_here = best[start].score;
            let width = character.len_utf8();
            let mut offer = |end: usize, id: u32, score: f32| {
                if best[end].start == u32::MAX || score > best[end].score {
                    best[end] = Best { score, start: start as u32, id };
                }
            };
            let mut single = false;
            for (id, length) in trie.common_prefix_search(&bytes[start..]) {
                single |= length == width;
                offer(start + length, id, score_here + scores[id as usize]);
            }
            if !single {
                offer(start + width, self.vocabulary.unknown_id, score_here + self.vocabulary.unknown_score);
            }
        }

        let first = ids.len();
        let mut end = bytes.len();
        while end > 0 {
            let Best { start, id, .. } = best[end];
            let repeated_unknown =
                id == self.vocabulary.unknown_id && ids.len() > first && ids.last() == Some(&id);
            if !repeated_unknown {
                ids.push(id);
            }
            end = start as usize;
        }
        ids[first..].reverse();
    }
}
