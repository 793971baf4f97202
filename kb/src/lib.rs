//! The shop's own words: articles in, hits out.
//!
//! Read it in this order:
//!
//! 1. [`Article`]: a Markdown file with front matter; [`Articles`] reads a folder of them.
//! 2. [`Passage`]: the parts of an article that a message may be close to.
//! 3. [`Index`]: passages by their vectors; [`ExactIndex`] keeps them in memory and compares with all.
//!
//! This crate knows no model: vectors come from outside, as slices of unit length.

mod article;
mod passage;

mod exact;
mod index;

mod error;
mod folder;

pub use article::{Article, ArticleId, Language, Link, Validity, Version};
pub use error::{Error, Mistake, Result};
pub use exact::ExactIndex;
pub use folder::Articles;
pub use index::{Entry, Filter, Hit, Index};
pub use passage::{Part, Passage};
