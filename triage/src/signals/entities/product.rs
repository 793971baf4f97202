//! The shop's products, by their models.

use std::collections::HashMap;

use regex::{Regex, RegexBuilder};

use super::super::entity::EntityKind;
use super::super::folded::fold;
use super::super::pattern_set::ASCII_BOUNDARY;
use super::{Proposal, Specificity, compact};

/// How large the compiled list of models may grow: enough for tens of thousands.
const SIZE_LIMIT: usize = 1 << 27;

pub(super) fn propose(text: &str, models: &Models) -> Vec<Proposal> {
    let model = |range, rule| Proposal::new(EntityKind::ProductModel, range, Specificity::UsualForm, rule);
    let listed = models.listed.iter().flat_map(|listed| listed.find_iter(text)).map(|found| {
        let name = models.names.get(&key(found.as_str())).cloned();
        model(found.range(), "product_model.listed").normalised(name)
    });
    let formed = models.pattern.iter().flat_map(|pattern| pattern.find_iter(text));
    let formed = formed
        .map(|found| model(found.range(), "product_model.pattern").normalised(found.as_str().to_uppercase()));
    listed.chain(formed).collect()
}

/// The models that the shop's settings name.
pub(crate) struct Models {
    /// Any of the listed models in any of the ways it is written.
    listed: Option<Regex>,
    /// The shop's way of writing a model, by its letters and digits.
    names: HashMap<String, String>,
    pattern: Option<Regex>,
}

impl Models {
    /// Models are found without regard to case, hyphens and spaces: `NL-RC40` is also `nl rc40` and `NLRC40`. It is
    /// `RC40` too, as far as no other model ends the same way.
    ///
    /// # Errors
    /// When the list is too long to compile.
    pub(crate) fn new(list: &[String], pattern: Option<Regex>) -> Result<Self, regex::Error> {
        let mut names = HashMap::new();
        let mut ways = Vec::new();
        for model in list {
            names.insert(key(&fold(model)), model.clone());
            ways.push(fold(model));
        }
        let mut endings: HashMap<String, Vec<&String>> = HashMap::new();
        for model in list {
            if let Some(ending) = ending(&fold(model)) {
                endings.entry(ending.to_owned()).or_default().push(model);
            }
        }
        for (ending, models) in endings {
            if let ([model], false) = (models.as_slice(), names.contains_key(&key(&ending))) {
                names.insert(key(&ending), (*model).clone());
                ways.push(ending);
            }
        }
        // Of two models that begin the same way the longer one is tried first.
        ways.sort_by_key(|way| std::cmp::Reverse(way.len()));
        let any = ways.iter().map(|way| any_writing(way)).collect::<Vec<_>>().join("|");
        let compiled = || RegexBuilder::new(&any).size_limit(SIZE_LIMIT).build();
        let listed = (!ways.is_empty()).then(compiled).transpose()?;
        Ok(Self { listed, names, pattern })
    }
}

/// The last part of a model's name, if it has letters and digits and so can stand alone.
fn ending(model: &str) -> Option<&str> {
    let (_, ending) = model.rsplit_once(['-', ' ', '/'])?;
    let has = |what: fn(&char) -> bool| ending.chars().any(|c| what(&c));
    (has(char::is_ascii_digit) && has(char::is_ascii_alphabetic) && ending.len() >= 3).then_some(ending)
}

/// A pattern for a model with or without hyphens and spaces between its parts, and between letters and digits.
fn any_writing(model: &str) -> String {
    let mut pattern = String::new();
    let mut last: Option<char> = None;
    for c in model.chars() {
        if matches!(c, '-' | ' ' | '/') {
            last = None;
            continue;
        }
        let part_begins = last.is_none_or(|last| last.is_ascii_digit() != c.is_ascii_digit());
        if part_begins && !pattern.is_empty() {
            pattern.push_str("[- ]?");
        }
        pattern.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
        last = Some(c);
    }
    let boundary =
        |c: Option<char>| if c.is_some_and(|c| c.is_ascii_alphanumeric()) { ASCII_BOUNDARY } else { "" };
    format!("{}{pattern}{}", boundary(model.chars().next()), boundary(model.chars().last()))
}

/// How models are compared: small letters and digits, without what is between.
fn key(model: &str) -> String {
    if model.is_ascii() {
        compact(model)
    } else {
        model.chars().filter(|c| !matches!(c, '-' | ' ' | '/')).collect()
    }
}
