//! Addresses of e-mail.

use std::sync::LazyLock;

use regex::Regex;

use super::super::entity::EntityKind;
use super::super::pattern_set::constant;
use super::{Proposal, Specificity};

pub(super) fn propose(text: &str) -> Vec<Proposal> {
    let address = |range| Proposal::new(EntityKind::Email, range, Specificity::Form, "email");
    let found =
        EMAIL.find_iter(text).map(|found| address(found.range()).normalised(found.as_str().to_owned()));
    found.collect()
}

static EMAIL: LazyLock<Regex> =
    LazyLock::new(|| constant(r"[a-z0-9][a-z0-9._%+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}"));
