//! What all texts of a language have in common is taken out of their vectors before they are compared.
//!
//! Vectors of a text encoder lie in a narrow cone (Ethayarajh 2019): those of any two texts are alike, and more so when the texts are of one
//! language and asked or told in one way. Without the mean of their kind (Mu and Viswanath 2018) what is left of them is what they are about.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use shopdesk_kb::{Article, Language, Passage};
use shopdesk_model::Role;

use crate::knowledge_base::role_of;

/// So many vectors weigh as much as not knowing their mean at all: that of a handful would take out what they are about.
const DOUBT: f64 = 20.0;

/// The mean vectors of a base's passages, by language and role.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Centres(BTreeMap<String, Centre>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Centre {
    passages: usize,
    mean: Vec<f32>,
}

impl Centres {
    /// The vector of a passage without what its kind has in common, of unit length.
    pub(crate) fn take_out(&self, language: &Language, role: Role, vector: &[f32]) -> Vec<f32> {
        take_out(self.0.get(&kind(language, role)), vector)
    }

    /// The same of a message whose readers' language is known, or is not.
    pub(crate) fn of_query(&self, language: Option<&Language>, vector: &[f32]) -> Vec<f32> {
        let centre = match language {
            Some(language) => self.0.get(&kind(language, Role::Query)),
            // The largest kind, for lack of anything better.
            None => {
                let queries = self.0.iter().filter(|(kind, _)| kind.ends_with(role_name(Role::Query)));
                queries.map(|(_, centre)| centre).max_by_key(|centre| centre.passages)
            }
        };
        take_out(centre, vector)
    }

    /// Whether so much was added or removed since that these means should be taken anew for such a base.
    #[must_use]
    pub fn outgrown(&self, articles: &[Arc<Article>]) -> bool {
        let mut now: BTreeMap<String, usize> = BTreeMap::new();
        for passage in articles.iter().flat_map(Passage::of) {
            *now.entry(kind(&passage.article.language, role_of(passage.part))).or_default() += 1;
        }
        let far = |a: usize, b: usize| a > 2 * b.max(10);
        self.0.keys().chain(now.keys()).any(|kind| {
            let before = self.0.get(kind).map_or(0, |centre| centre.passages);
            let after = now.get(kind).copied().unwrap_or(0);
            far(before, after) || far(after, before)
        })
    }

    /// Changes with every change of the means.
    #[must_use]
    pub fn id(&self) -> String {
        let digest = Sha256::digest(serde_json::to_vec(self).expect("plain data"));
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn take_out(centre: Option<&Centre>, vector: &[f32]) -> Vec<f32> {
    let Some(centre) = centre else { return vector.to_vec() };
    let trust = centre.passages as f64 / (centre.passages as f64 + DOUBT);
    let left: Vec<f64> = vector
        .iter()
        .zip(&centre.mean)
        .map(|(&own, &common)| f64::from(own) - trust * f64::from(common))
        .collect();
    let length = left.iter().map(|number| number * number).sum::<f64>().sqrt();
    if length < 1e-6 {
        return vector.to_vec();
    }
    left.into_iter().map(|number| (number / length) as f32).collect()
}

/// Both scripts of a language are one kind: the encoder reads them in one.
fn kind(language: &Language, role: Role) -> String {
    let base = language.as_str().split('-').next().unwrap_or_default();
    format!("{base}/{}", role_name(role))
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Query => "query",
        Role::Passage => "passage",
    }
}

/// Adds up vectors of each kind.
#[derive(Default)]
pub(crate) struct Sums(BTreeMap<String, (usize, Vec<f64>)>);

impl Sums {
    pub(crate) fn add(&mut self, language: &Language, role: Role, vector: &[f32]) {
        let (count, sum) = self.0.entry(kind(language, role)).or_insert_with(|| (0, vec![0.0; vector.len()]));
        *count += 1;
        for (sum, &number) in sum.iter_mut().zip(vector) {
            *sum += f64::from(number);
        }
    }

    pub(crate) fn centres(self) -> Centres {
        let centre = |(passages, sum): (usize, Vec<f64>)| Centre {
            passages,
            mean: sum.into_iter().map(|number| (number / passages as f64) as f32).collect(),
        };
        Centres(self.0.into_iter().map(|(kind, sums)| (kind, centre(sums))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn centres(vectors: &[[f32; 2]], language: &str) -> Centres {
        let mut sums = Sums::default();
        for vector in vectors {
            sums.add(&Language::new(language), Role::Query, vector);
        }
        sums.centres()
    }

    #[test]
    fn what_is_common_is_taken_out() {
        let many = [[0.8, 0.6], [0.8, -0.6]].repeat(2_000);
        let centred = centres(&many, "zh").take_out(&Language::new("zh-Hant"), Role::Query, &[0.8, 0.6]);
        assert!(centred[1] > 0.99 && centred[0].abs() < 0.05, "{centred:?}");
    }

    #[test]
    fn little_is_taken_out_for_few_and_nothing_for_an_unknown_kind() {
        let few = centres(&[[0.8, 0.6]], "zh");
        let vector = few.take_out(&Language::new("zh"), Role::Query, &[0.8, 0.6]);
        assert!((vector[0] - 0.8).abs() < 1e-6, "{vector:?}");
        assert_eq!(few.take_out(&Language::new("fr"), Role::Query, &[0.6, 0.8]), [0.6, 0.8]);
    }

    #[test]
    fn a_base_that_doubles_outgrows_its_centres() {
        let article = |number: usize| {
            let text = format!(
                "---\nid: a{number}\ntitle: T\nlanguage: zh\nintents: [x]\nquestions: [q]\nanswer: A.\n---\n"
            );
            Arc::new(Article::parse(std::path::Path::new(&format!("a{number}.md")), &text).unwrap())
        };
        let base = |count: usize| (0..count).map(article).collect::<Vec<_>>();
        let of = |count: usize| {
            let mut sums = Sums::default();
            for passage in base(count).iter().flat_map(Passage::of) {
                sums.add(&passage.article.language, role_of(passage.part), &[1.0, 0.0]);
            }
            sums.centres()
        };
        assert!(!of(100).outgrown(&base(150)));
        assert!(of(100).outgrown(&base(250)) && of(250).outgrown(&base(100)));
        assert!(!of(3).outgrown(&base(9)));
    }
}
