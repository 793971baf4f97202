//! What an import would change, before anything is changed.

mod html;
mod table;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use crate::{Article, ArticleId, Language, Mistake, Version};

pub use html::{HtmlError, article_of_html};
pub use table::{TableDefaults, TableFormat, read_table};

/// One thing that an import does to an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The article is new, or comes back.
    Add(Arc<Article>),
    /// The article says something else.
    Replace {
        /// What it said.
        old: Version,
        /// What it says.
        new: Arc<Article>,
    },
    /// The article is not in force any more. Its texts stay readable.
    Withdraw {
        /// Which one.
        id: ArticleId,
        /// In which language.
        language: Language,
        /// What it said.
        old: Version,
    },
}

impl Change {
    /// The article's id and language.
    #[must_use]
    pub fn name(&self) -> (&ArticleId, &Language) {
        match self {
            Self::Add(article) | Self::Replace { new: article, .. } => (&article.id, &article.language),
            Self::Withdraw { id, language, .. } => (id, language),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, language) = self.name();
        match self {
            Self::Add(new) => write!(f, "added      {language:<8} {id}  (version {})", new.version),
            Self::Replace { old, new } => {
                write!(f, "changed    {language:<8} {id}  (version {old} to {})", new.version)
            }
            Self::Withdraw { old, .. } => write!(f, "withdrawn  {language:<8} {id}  (version {old})"),
        }
    }
}

/// An article in force, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// Which one.
    pub id: ArticleId,
    /// In which language.
    pub language: Language,
    /// What it says.
    pub version: Version,
    /// Whether an import that does not bring it withdraws it.
    pub withdrawn_if_missing: bool,
}

/// What an import does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order of language and id.
    pub changes: Vec<Change>,
    /// How many articles stay as they are.
    pub unchanged: usize,
}

impl Plan {
    /// Compares what an import brings with what is in force. What has a mistake stays as it is: an article whose file is broken is not withdrawn.
    #[must_use]
    pub fn new(in_force: &[InForce], brought: &[Arc<Article>], mistakes: &[Mistake]) -> Self {
        let mut before: BTreeMap<(&Language, &ArticleId), &InForce> =
            in_force.iter().map(|article| ((&article.language, &article.id), article)).collect();
        let names = |mistake: &'_ Mistake| {
            let stem = mistake.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            stem.into_iter().chain(mistake.article.as_ref().map(ToString::to_string))
        };
        let broken: HashSet<String> = mistakes.iter().flat_map(names).collect();
        let mut plan = Self::default();
        for article in brought {
            match before.remove(&(&article.language, &article.id)) {
                Some(known) if known.version == article.version => plan.unchanged += 1,
                Some(known) => plan
                    .changes
                    .push(Change::Replace { old: known.version.clone(), new: Arc::clone(article) }),
                None => plan.changes.push(Change::Add(Arc::clone(article))),
            }
        }
        for missing in before.into_values() {
            if missing.withdrawn_if_missing && !broken.contains(missing.id.as_str()) {
                plan.changes.push(Change::Withdraw {
                    id: missing.id.clone(),
                    language: missing.language.clone(),
                    old: missing.version.clone(),
                });
            } else {
                plan.unchanged += 1;
            }
        }
        plan.changes.sort_by(|a, b| {
            let ((a_id, a_language), (b_id, b_language)) = (a.name(), b.name());
            (a_language, a_id).cmp(&(b_language, b_id))
        });
        plan
    }

    /// The texts that come into force.
    #[must_use]
    pub fn brought(&self) -> Vec<Arc<Article>> {
        let brought = self.changes.iter().filter_map(|change| match change {
            Change::Add(new) | Change::Replace { new, .. } => Some(Arc::clone(new)),
            Change::Withdraw { .. } => None,
        });
        brought.collect()
    }

    /// How many articles are added, replaced and withdrawn.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let mut counts = (0, 0, 0);
        for change in &self.changes {
            match change {
                Change::Add(_) => counts.0 += 1,
                Change::Replace { .. } => counts.1 += 1,
                Change::Withdraw { .. } => counts.2 += 1,
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn article(id: &str, answer: &str) -> Arc<Article> {
        let text = format!(
            "---\nid: {id}\ntitle: T\nlanguage: en\nintents: [x]\nquestions: [q]\nanswer: {answer}\n---\n"
        );
        Arc::new(Article::parse(Path::new(&format!("{id}.md")), &text).unwrap())
    }

    fn in_force(article: &Article, withdrawn_if_missing: bool) -> InForce {
        InForce {
            id: article.id.clone(),
            language: article.language.clone(),
            version: article.version.clone(),
            withdrawn_if_missing,
        }
    }

    fn words(plan: &Plan) -> Vec<String> {
        plan.changes
            .iter()
            .map(|change| change.to_string().split_whitespace().take(3).collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn what_is_new_what_changed_what_went_and_what_stays() {
        let [same, old, gone, elsewhere] =
            ["same", "changed", "gone", "elsewhere"].map(|id| article(id, "A."));
        let before =
            [in_force(&same, true), in_force(&old, true), in_force(&gone, true), in_force(&elsewhere, false)];
        let plan = Plan::new(&before, &[same, article("changed", "B."), article("new", "C.")], &[]);
        assert_eq!(words(&plan), ["changed en changed", "withdrawn en gone", "added en new"]);
        assert_eq!((plan.counts(), plan.unchanged), ((1, 1, 1), 2));
    }

    #[test]
    fn an_article_whose_file_is_broken_stays_in_force() {
        let kept = article("kept", "A.");
        let mistake = Mistake {
            path: PathBuf::from("kb/en/kept.md"),
            article: None,
            line: Some(3),
            problem: "broken".to_owned(),
        };
        let plan = Plan::new(&[in_force(&kept, true)], &[], &[mistake]);
        assert_eq!((plan.changes.len(), plan.unchanged), (0, 1));
    }
}
