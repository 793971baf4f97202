//! What somebody typed for an article, as it was typed, until it is an article.

use std::collections::BTreeSet;

use shopdesk_kb::{Article, ArticleId, Flaw, Language, Link, Picture, Validity, Version};
use shopdesk_model::intents::Label;

use super::article::leads_to_web;

/// The fields of the form.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Draft {
    pub(super) id: String,
    pub(super) language: String,
    pub(super) title: String,
    pub(super) answer: String,
    pub(super) body: String,
    pub(super) intents: BTreeSet<String>,
    /// One a line.
    pub(super) questions: String,
    /// With commas between them.
    pub(super) tags: String,
    pub(super) audience: String,
    pub(super) valid_from: String,
    pub(super) valid_until: String,
    /// Titles and addresses.
    pub(super) links: Vec<(String, String)>,
    /// Addresses and what they show.
    pub(super) pictures: Vec<(String, String)>,
    /// The version that it was before it was changed; empty when none was in force.
    pub(super) based_on: String,
}

/// What is wrong with a field, as keys of texts have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) field: &'static str,
    what: &'static str,
}

impl Wrong {
    pub(super) const TAKEN: Self = Self { field: "id", what: "taken" };

    /// The key of its text.
    pub(super) fn key(&self) -> String {
        format!("knowledge.wrong.{}_{}", self.field, self.what)
    }
}

impl From<Flaw> for Wrong {
    fn from(flaw: Flaw) -> Self {
        Self { field: flaw.key, what: flaw.kind.as_str() }
    }
}

impl Draft {
    /// What a form sent.
    pub(super) fn typed(fields: Vec<(String, String)>) -> Self {
        let mut draft = Self::default();
        let [mut titles, mut urls, mut alts, mut pictures] = [const { Vec::<String>::new() }; 4];
        for (name, value) in fields {
            // Forms end lines as Windows does.
            let value = value.replace("\r\n", "\n");
            match name.as_str() {
                "id" => draft.id = value.trim().to_owned(),
                "language" => draft.language = value.trim().to_owned(),
                "title" => draft.title = value,
                "answer" => draft.answer = value,
                "body" => draft.body = value,
                "intent" => draft.intents.extend([value]),
                "questions" => draft.questions = value,
                "tags" => draft.tags = value,
                "audience" => draft.audience = value,
                "valid_from" => draft.valid_from = value,
                "valid_until" => draft.valid_until = value,
                "link_title" => titles.push(value),
                "link_url" => urls.push(value),
                "picture_alt" => alts.push(value),
                "picture_url" => pictures.push(value),
                "based_on" => draft.based_on = value,
                _ => {}
            }
        }
        let is_filled = |(one, other): &(String, String)| !one.trim().is_empty() || !other.trim().is_empty();
        draft.links = titles.into_iter().zip(urls).filter(is_filled).collect();
        draft.pictures = pictures.into_iter().zip(alts).filter(is_filled).collect();
        draft
    }

    /// What an article says, to be changed.
    pub(super) fn of(article: &Article) -> Self {
        let (from, until) = article.validity.written();
        Self {
            id: article.id.to_string(),
            language: article.language.to_string(),
            title: article.title.clone(),
            answer: article.answer.clone(),
            body: article.body.clone(),
            intents: article.intents.clone(),
            questions: article.questions.join("\n"),
            tags: article.tags.join(", "),
            audience: article.audience.join(", "),
            valid_from: from.unwrap_or_default(),
            valid_until: until.unwrap_or_default(),
            links: article.links.iter().map(|link| (link.title.clone(), link.url.clone())).collect(),
            pictures: article
                .pictures
                .iter()
                .map(|picture| (picture.url.clone(), picture.alt.clone()))
                .collect(),
            based_on: String::new(),
        }
    }

    /// The article, if nothing is wrong: the checks of `shopdesk kb check`, and that links lead somewhere.
    pub(super) fn check(&self, known: &[Label]) -> Result<Article, Vec<Wrong>> {
        let mut wrong: Vec<Wrong> = Vec::new();
        let id = ArticleId::new(self.id.as_str());
        if id.is_none() {
            wrong.push(Wrong { field: "id", what: "malformed" });
        }
        let validity = Validity::parse(&self.valid_from, &self.valid_until).unwrap_or_else(|flaws| {
            wrong.extend(flaws.into_iter().map(Wrong::from));
            Validity::default()
        });
        let is_known = |intent: &String| known.iter().any(|label| label.id.as_str() == intent);
        if !self.intents.iter().all(is_known) {
            wrong.push(Wrong { field: "intents", what: "unknown" });
        }
        let leads = |url: &str, text: &str| leads_to_web(url.trim()) && !text.trim().is_empty();
        if !self.links.iter().all(|(title, url)| leads(url, title)) {
            wrong.push(Wrong { field: "links", what: "malformed" });
        }
        if !self.pictures.iter().all(|(url, alt)| leads(url, alt) && url.trim().starts_with("https://")) {
            wrong.push(Wrong { field: "pictures", what: "malformed" });
        }
        // What cannot be an id is wrong already, and keeps the article from being one.
        let id = id.or_else(|| ArticleId::new("none")).expect("letters are an id");
        let article = self.article(id, validity);
        wrong.extend(article.flaws().into_iter().map(Wrong::from));
        if wrong.is_empty() { Ok(article.with_version()) } else { Err(wrong) }
    }

    fn article(&self, id: ArticleId, validity: Validity) -> Article {
        let trimmed = |text: &str| text.trim().to_owned();
        let link = |(title, url): &(String, String)| Link { title: trimmed(title), url: trimmed(url) };
        let picture = |(url, alt): &(String, String)| Picture { url: trimmed(url), alt: trimmed(alt) };
        Article {
            id,
            language: Language::new(self.language.as_str()),
            version: Version::default(),
            title: trimmed(&self.title),
            intents: self.intents.clone(),
            questions: self.questions(),
            tags: listed(&self.tags),
            audience: listed(&self.audience),
            validity,
            links: self.links.iter().map(link).collect(),
            pictures: self.pictures.iter().map(picture).collect(),
            answer: trimmed(&self.answer),
            body: trimmed(&self.body),
            path: std::path::PathBuf::new(),
            intents_line: None,
        }
    }

    /// The similar questions, without lines that say nothing and without the same twice.
    fn questions(&self) -> Vec<String> {
        let mut questions: Vec<String> = Vec::new();
        for question in self.questions.lines().map(str::trim).filter(|question| !question.is_empty()) {
            if !questions.iter().any(|other| other == question) {
                questions.push(question.to_owned());
            }
        }
        questions
    }
}

/// Words with commas between them, as either language writes them.
fn listed(text: &str) -> Vec<String> {
    let words = text.split([',', '，', '、', '\n']).map(str::trim).filter(|word| !word.is_empty());
    words.map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use shopdesk_model::intents::{Handling, IntentId, Priority};

    use super::*;

    const TEXT: &str = "---\nid: a\ntitle: T\nlanguage: zh\nintents: [x, y]\nquestions:\n  - 怎么退？\n  - how?\ntags: [一, two]\naudience: [member]\nvalid_from: 2026-11-01\nvalid_until: 2026-11-11T20:00\nlinks:\n  - {title: L, url: \"https://e.com/#a\"}\npictures:\n  - {url: \"https://e.com/p.png\", alt: P}\nanswer: |\n  One.\n\n  Two.\n---\n\n## In full\n\nText.\n";

    fn known() -> Vec<Label> {
        let label = |id: &&str| Label {
            id: IntentId::new(id).unwrap(),
            title: BTreeMap::new(),
            priority: Priority::Normal,
            handling: Handling::Answer,
        };
        ["x", "y"].iter().map(label).collect()
    }

    fn wrong(draft: &Draft) -> Vec<String> {
        draft.check(&known()).unwrap_err().iter().map(Wrong::key).collect()
    }

    #[test]
    fn an_article_that_nobody_changed_is_the_same_version() {
        let article = Article::parse(Path::new("a.md"), TEXT).unwrap();
        let checked = Draft::of(&article).check(&known()).unwrap();
        assert_eq!(checked.version, article.version);
    }

    #[test]
    fn forms_end_lines_in_their_own_way_and_repeat_names() {
        let pairs = [
            ("id", " a "),
            ("answer", "One.\r\n\r\nTwo."),
            ("intent", "x"),
            ("intent", "y"),
            ("questions", "a\r\n\r\n b \r\na"),
            ("link_title", "L"),
            ("link_url", "https://e.com"),
            ("link_title", ""),
            ("link_url", " "),
        ];
        let draft = Draft::typed(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        assert_eq!((draft.id.as_str(), draft.answer.as_str()), ("a", "One.\n\nTwo."));
        assert_eq!(draft.intents.len(), 2);
        assert_eq!(draft.questions(), ["a", "b"]);
        assert_eq!(draft.links, [("L".to_owned(), "https://e.com".to_owned())]);
    }

    #[test]
    fn every_mistake_is_at_its_field() {
        let good = Draft::of(&Article::parse(Path::new("a.md"), TEXT).unwrap());
        let change = |change: &dyn Fn(&mut Draft)| {
            let mut draft = good.clone();
            change(&mut draft);
            wrong(&draft)
        };
        for (found, field) in [
            (change(&|draft| draft.id = "a b".to_owned()), "id_malformed"),
            (change(&|draft| draft.title = " ".to_owned()), "title_empty"),
            (change(&|draft| draft.answer = String::new()), "answer_empty"),
            (change(&|draft| draft.intents.clear()), "intents_empty"),
            (change(&|draft| draft.intents.extend(["z".to_owned()])), "intents_unknown"),
            (change(&|draft| draft.language = "Z".to_owned()), "language_malformed"),
            (change(&|draft| draft.valid_from = "soon".to_owned()), "valid_from_malformed"),
            (
                change(&|draft| draft.valid_until = "2026-10-01".to_owned()),
                "valid_until_ends_before_it_begins",
            ),
            (change(&|draft| draft.links[0].1 = "javascript:alert(1)".to_owned()), "links_malformed"),
            (change(&|draft| draft.pictures[0].0 = "http://e.com/p.png".to_owned()), "pictures_malformed"),
        ] {
            assert_eq!(found, [format!("knowledge.wrong.{field}")]);
        }
    }
}
