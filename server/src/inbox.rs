//! What agents keep to work faster: searches with a name, and what they write again and again.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::conversation::id_newtype;

id_newtype!(
    /// Names a saved view.
    SavedViewId,
    /// Names a canned reply.
    CannedReplyId
);

/// A search of the inbox that an agent keeps under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// Its id.
    pub id: SavedViewId,
    /// What its agent calls it.
    pub name: String,
    /// The part of the inbox's address after the question mark.
    pub query: String,
}

/// What agents write again and again. `{agent}` and `{customer}` in it are filled in when it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CannedReply {
    /// Its id.
    pub id: CannedReplyId,
    /// What to find it by.
    pub title: String,
    /// What it says.
    pub text: String,
    /// The language that it is in, such as `zh`.
    pub language: String,
    /// The login of whoever wrote it last.
    pub updated_by: String,
    /// When that was.
    pub updated_at: Timestamp,
}
