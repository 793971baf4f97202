//! The promise in force: what was chosen in the console, or else what the settings file says. The next training makes it.

use std::path::Path;

use shopdesk_model::classifier::{Bundle, Promise};
use shopdesk_server::{PromiseSettings, SettingsSection, Store};

use crate::articles::{RUNTIME, ShopArticles};
use crate::shop::Shop;

/// The promise in force, and where it was chosen.
#[derive(Debug, PartialEq)]
pub(crate) struct Promised {
    pub(crate) promise: Promise,
    /// Whether somebody chose it in the console, be it to go back to the file. Then a bundle may still keep the one before: a restart must not
    /// take the desk down because nobody has trained yet.
    in_console: bool,
}

impl Promised {
    /// That of a shop, whose database need not be there and is not made.
    pub(crate) fn of(shop: &Shop) -> anyhow::Result<Self> {
        if shop.database_url()?.is_none() && !shop.database().exists() {
            return Ok(Self { promise: shop.promise.promise(), in_console: false });
        }
        let store = ShopArticles::open(shop)?.store;
        let promised = Self::in_store(shop, &store);
        RUNTIME.block_on(store.close());
        promised
    }

    /// That of a shop whose database is open.
    pub(crate) fn in_store(shop: &Shop, store: &Store) -> anyhow::Result<Self> {
        let kept = RUNTIME.block_on(store.kept_settings())?;
        let Some(last) = kept.sections.get(&SettingsSection::Promise) else {
            return Ok(Self { promise: shop.promise.promise(), in_console: false });
        };
        let chosen = last.value.as_deref().map(serde_json::from_str::<PromiseSettings>).transpose();
        let chosen = chosen.unwrap_or_else(|problem| {
            tracing::warn!(
                %problem,
                "the promise that was chosen in the console cannot be read, that of the settings file holds: choose it there again"
            );
            None
        });
        let promise = chosen.as_ref().unwrap_or(&shop.promise).promise();
        Ok(Self { promise, in_console: true })
    }

    /// Refuses a bundle that was trained for another promise than the file's; with one chosen in the console, says that it is time to train.
    pub(crate) fn check(&self, bundle: &Bundle, folder: &Path) -> anyhow::Result<()> {
        if bundle.keeps(&self.promise) {
            return Ok(());
        }
        anyhow::ensure!(
            self.in_console,
            "the bundle in `{}` was trained for another promise than `[promise]` in the settings: run `shopdesk train`",
            folder.display()
        );
        tracing::warn!(
            "the bundle in `{}` keeps the promise that it was trained for, and not yet the one that was chosen in the console: \
             train there, or run `shopdesk train`",
            folder.display()
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The starter shop with a data folder of its own.
    fn shop(data: &Path) -> Shop {
        let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("shop");
        let mut shop = Shop::open(&starter).unwrap();
        shop.paths.data = data.join("data");
        shop
    }

    fn of_file(shop: &Shop) -> Promised {
        Promised { promise: shop.promise.promise(), in_console: false }
    }

    #[test]
    fn without_a_database_the_file_says_it_and_none_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let shop = shop(folder.path());
        assert_eq!(Promised::of(&shop).unwrap(), of_file(&shop));
        assert!(!shop.paths.data.exists());
    }

    #[test]
    fn what_was_chosen_in_the_console_comes_before_the_file_until_somebody_goes_back() {
        let folder = tempfile::tempdir().unwrap();
        let shop = shop(folder.path());
        let store = ShopArticles::open(&shop).unwrap().store;
        assert_eq!(Promised::in_store(&shop, &store).unwrap(), of_file(&shop));
        let settings: PromiseSettings =
            toml::from_str("max_error = 0.1\nconfidence = 0.6\n[intents]\nrefund_amount = 0.05").unwrap();
        let keep = store.keep_settings(&SettingsSection::Promise, &settings, 0, "boss");
        let revision = RUNTIME.block_on(keep).unwrap().unwrap();
        let chosen = Promised { promise: settings.promise(), in_console: true };
        assert_eq!(Promised::in_store(&shop, &store).unwrap(), chosen);
        RUNTIME.block_on(store.reset_settings(&SettingsSection::Promise, revision, "boss")).unwrap().unwrap();
        RUNTIME.block_on(store.close());
        let back = Promised { in_console: true, ..of_file(&shop) };
        assert_eq!(Promised::of(&shop).unwrap(), back);
    }

    #[test]
    fn what_cannot_be_read_leaves_the_file_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let shop = shop(folder.path());
        let store = ShopArticles::open(&shop).unwrap().store;
        let newer = serde_json::json!({ "max_error": 0.1, "of": "a newer program" });
        RUNTIME.block_on(store.keep_settings(&SettingsSection::Promise, &newer, 0, "boss")).unwrap().unwrap();
        let found = Promised::in_store(&shop, &store).unwrap();
        assert_eq!(found, Promised { in_console: true, ..of_file(&shop) });
    }
}
