//! What an import would change, before anything is changed.

mod html;
mod table;

use std::cmp::Ordering;
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
    /// The article says what it said, and belongs to the import from now on: people had changed it to the same.
    TakeOver(Arc<Article>),
}

impl Change {
    /// The article's id and language.
    #[must_use]
    pub fn name(&self) -> (&ArticleId, &Language) {
        match self {
            Self::Add(article) | Self::Replace { new: article, .. } | Self::TakeOver(article) => {
                (&article.id, &article.language)
            }
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
            Self::TakeOver(article) => {
                write!(f, "taken over {language:<8} {id}  (version {})", article.version)
            }
        }
    }
}

/// How an article stands before an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which one.
    pub id: ArticleId,
    /// In which language.
    pub language: Language,
    /// What it says; nothing when people took it out of force.
    pub version: Option<Version>,
    /// Who decides what becomes of it.
    pub owner: Owner,
}

/// Who decides what becomes of an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The import: what it does not bring is withdrawn.
    Import,
    /// Another import: what this one brings replaces it, what this one does not bring stays.
    AnotherImport,
    /// People who changed it by hand: what an import brings is kept aside.
    People,
}

/// What an import does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order of language and id.
    pub changes: Vec<Change>,
    /// What it leaves alone because people changed it by hand, in the same order.
    pub kept_aside: Vec<Change>,
    /// How many articles stay as they are.
    pub unchanged: usize,
}

impl Plan {
    /// Compares what an import brings with what is there. What has a mistake stays as it is: an article whose file is broken is not withdrawn.
    #[must_use]
    pub fn new(before: &[Standing], brought: &[Arc<Article>], mistakes: &[Mistake]) -> Self {
        let mut before: BTreeMap<(&Language, &ArticleId), &Standing> =
            before.iter().map(|article| ((&article.language, &article.id), article)).collect();
        let names = |mistake: &'_ Mistake| {
            let stem = mistake.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            stem.into_iter().chain(mistake.article.as_ref().map(ToString::to_string))
        };
        let broken: HashSet<String> = mistakes.iter().flat_map(names).collect();
        let mut plan = Self::default();
        for article in brought {
            plan.add(before.remove(&(&article.language, &article.id)), article);
        }
        for missing in before.into_values() {
            match &missing.version {
                Some(old) if missing.owner == Owner::Import && !broken.contains(missing.id.as_str()) => {
                    plan.changes.push(Change::Withdraw {
                        id: missing.id.clone(),
                        language: missing.language.clone(),
                        old: old.clone(),
                    });
                }
                Some(_) => plan.unchanged += 1,
                None => {}
            }
        }
        plan.changes.sort_by(by_name);
        plan.kept_aside.sort_by(by_name);
        plan
    }

    /// The same, with what people changed by hand replaced by what the import brings.
    #[must_use]
    pub fn overwriting(mut self) -> Self {
        self.changes.append(&mut self.kept_aside);
        self.changes.sort_by(by_name);
        self
    }

    /// Takes in an article that is brought, and that stood like that before.
    fn add(&mut self, before: Option<&Standing>, article: &Arc<Article>) {
        let is_peoples = before.is_some_and(|before| before.owner == Owner::People);
        let change = match before.and_then(|before| before.version.as_ref()) {
            Some(old) if *old == article.version && is_peoples => {
                self.unchanged += 1;
                return self.changes.push(Change::TakeOver(Arc::clone(article)));
            }
            Some(old) if *old == article.version => {
                self.unchanged += 1;
                return;
            }
            Some(old) => Change::Replace { old: old.clone(), new: Arc::clone(article) },
            None => Change::Add(Arc::clone(article)),
        };
        let list = if is_peoples { &mut self.kept_aside } else { &mut self.changes };
        list.push(change);
    }

    /// The texts that come into force.
    #[must_use]
    pub fn brought(&self) -> Vec<Arc<Article>> {
        let brought = self.changes.iter().filter_map(|change| match change {
            Change::Add(new) | Change::Replace { new, .. } => Some(Arc::clone(new)),
            Change::Withdraw { .. } | Change::TakeOver(_) => None,
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
                Change::TakeOver(_) => {}
            }
        }
        counts
    }
}

fn by_name(a: &Change, b: &Change) -> Ordering {
    let ((a_id, a_language), (b_id, b_language)) = (a.name(), b.name());
    (a_language, a_id).cmp(&(b_language, b_id))
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

    fn standing(article: &Article, owner: Owner) -> Standing {
        Standing {
            id: article.id.clone(),
            language: article.language.clone(),
            version: Some(article.version.clone()),
            owner,
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
        let before = [
            (&same, Owner::Import),
            (&old, Owner::Import),
            (&gone, Owner::Import),
            (&elsewhere, Owner::AnotherImport),
        ]
        .map(|(article, owner)| standing(article, owner));
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
        let plan = Plan::new(&[standing(&kept, Owner::Import)], &[], &[mistake]);
        assert_eq!((plan.changes.len(), plan.unchanged), (0, 1));
    }
    #[test]
    fn what_people_changed_is_left_alone_until_the_import_is_to_overwrite_it() {
        let [edited, made, kept] = ["edited", "made", "kept"].map(|id| article(id, "A."));
        let withdrawn = Standing { version: None, ..standing(&article("withdrawn", "A."), Owner::People) };
        let before = [
            standing(&edited, Owner::People),
            standing(&made, Owner::People),
            standing(&kept, Owner::Import),
            withdrawn,
        ];
        let plan = Plan::new(&before, &[article("edited", "B."), article("withdrawn", "A."), kept], &[]);
        assert_eq!(words(&plan), [] as [&str; 0]);
        assert_eq!((plan.kept_aside.len(), plan.unchanged), (2, 2));
        assert_eq!(words(&plan.overwriting()), ["changed en edited", "added en withdrawn"]);
    }

    #[test]
    fn an_import_that_says_what_people_say_takes_the_article_over() {
        let edited = article("edited", "A.");
        let plan = Plan::new(&[standing(&edited, Owner::People)], &[Arc::clone(&edited)], &[]);
        assert_eq!(plan.changes, [Change::TakeOver(edited)]);
        assert_eq!((plan.counts(), plan.unchanged), ((0, 0, 0), 1));
    }
}
