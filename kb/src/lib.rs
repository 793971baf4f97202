//! The shop's own words: articles in, hits out.
//!
//! Read it in this order:
//!
//! 1. [`Article`]: a Markdown file with front matter; [`Articles`] reads a folder of them.
//! 2. [`Passage`]: the parts of an article that a message may be close to, and [`Terms`], the words by which it is found.
//! 3. [`Index`]: passages by their vectors and words; [`EmbeddedIndex`] keeps them in memory and compares with all.
//! 4. [`import`]: what other texts would change, as a [`import::Plan`], and where they come from beside Markdown.
//! 5. [`Library`]: the articles in force, searched while they change. It fuses what an index finds into one [`Hit`] an article.
//!
//! This crate knows no model: vectors come from outside, as slices of unit length.

mod article;
mod flaw;
mod front_matter;
mod passage;
mod terms;

mod embedded;
mod index;

mod library;
mod search;

mod error;
mod export;
mod folder;

pub mod import;

pub use article::{Article, ArticleId, Language, Link, Picture, Validity, Version};
pub use embedded::EmbeddedIndex;
pub use error::{Error, Mistake, Result};
pub use flaw::{Flaw, FlawKind};
pub use folder::Articles;
pub use index::{ArticleKey, Candidate, Candidates, Difference, Entry, Filter, Index, PassageKey, Query};
pub use library::{Catalogue, Library};
pub use passage::{Part, Passage};
pub use search::{Hit, Ranking};
pub use terms::{Terms, inverse_document_frequency};
