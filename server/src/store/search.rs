//! What a search for tickets looks through, in the one form in which it is compared.

use shopdesk_model::script::simplified;
use sqlx::Row as _;

use super::{Store, StoreError};

/// Where an installation keeps in which form its tickets' texts are.
const FORM: &str = "search_form";
/// The form that [`searchable`] gives. Another form is another word.
const SEARCHABLE: &str = "small letters, simplified";
/// After how many characters of what the shopper wrote a ticket takes in no more to be found by.
pub(super) const SEARCHED: i64 = 20_000;
/// How many texts are looked at in one query.
const PAGE: i64 = 500;

/// A text as searches compare it: in small letters, in one Chinese script.
pub(super) fn searchable(text: &str) -> String {
    simplified(text).to_lowercase()
}

impl Store {
    /// Brings the texts of tickets that older programs wrote into the form in which they are compared, once. The database cannot: its small
    /// letters are those of ASCII, and it knows nothing of scripts.
    pub(super) async fn make_searchable(&self) -> Result<(), StoreError> {
        let form = sqlx::query("SELECT value FROM installation WHERE name = $1")
            .bind(FORM)
            .fetch_optional(&self.readers)
            .await?;
        if form.map(|row| row.try_get::<String, _>("value")).transpose()?.as_deref() == Some(SEARCHABLE) {
            return Ok(());
        }
        let mut after = String::new();
        while let Some(last) = self.make_page_searchable(&after).await? {
            after = last;
        }
        sqlx::query(
            "INSERT INTO installation (name, value) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(FORM)
        .bind(SEARCHABLE)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Rewrites some texts behind that ticket, and returns the last one looked at.
    async fn make_page_searchable(&self, after: &str) -> Result<Option<String>, StoreError> {
        let rows = sqlx::query("SELECT id, search FROM tickets WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after.to_owned())
            .bind(PAGE)
            .fetch_all(&self.readers)
            .await?;
        let mut last = None;
        for row in &rows {
            let (id, text): (String, String) = (row.try_get("id")?, row.try_get("search")?);
            let wanted = searchable(&text);
            if wanted != text {
                // Another server may have added to it meanwhile. What it added is in that form already, so its beginning alone is replaced.
                sqlx::query(
                    "UPDATE tickets SET search = $2 || SUBSTR(search, LENGTH($3) + 1) WHERE id = $1 \
                     AND SUBSTR(search, 1, LENGTH($3)) = $3",
                )
                .bind(id.clone())
                .bind(wanted)
                .bind(text)
                .execute(&self.writer)
                .await?;
            }
            last = Some(id);
        }
        Ok(last)
    }
}
