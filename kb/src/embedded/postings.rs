//! Which rows have a term, and how much it says about each.

use rustc_hash::FxHashMap;

use crate::terms::{Terms, inverse_document_frequency};

#[derive(Debug, Default)]
pub(super) struct Postings {
    rows_by_term: FxHashMap<u32, Vec<(u32, f32)>>,
}

impl Postings {
    pub(super) fn add(&mut self, row: u32, terms: &Terms) {
        for (term, weight) in terms.iter() {
            self.rows_by_term.entry(term).or_default().push((row, weight));
        }
    }

    pub(super) fn add_weights(&mut self, row: u32, terms: &[(u32, f32)]) {
        for &(term, weight) in terms {
            self.rows_by_term.entry(term).or_default().push((row, weight));
        }
    }

    /// BM25 of every row, 0 of those that share no term with the message. `alive` rows are there, the others are `gone`; how rare a term is
    /// goes by those that are there.
    pub(super) fn scores(&self, query: &Terms, alive: usize, gone: &[bool]) -> Vec<f32> {
        let mut scores = vec![0.0_f32; gone.len()];
        for (term, count) in query.iter() {
            let Some(having) = self.rows_by_term.get(&term) else { continue };
            let having_alive = if alive == gone.len() {
                having.len()
            } else {
                having.iter().filter(|&&(row, _)| !gone[row as usize]).count()
            };
            let rarity = count * inverse_document_frequency(alive, having_alive);
            for &(row, weight) in having {
                scores[row as usize] += rarity * weight;
            }
        }
        scores
    }

    /// The terms of each row.
    pub(super) fn by_row(&self, rows: usize) -> Vec<Vec<(u32, f32)>> {
        let mut terms = vec![Vec::new(); rows];
        for (&term, having) in &self.rows_by_term {
            for &(row, weight) in having {
                terms[row as usize].push((term, weight));
            }
        }
        terms
    }
}
