//! What may stand in the settings of a storefront, whether the file or the console says it.

use serde::{Deserialize, Deserializer};
use url::Url;

/// Why something cannot stand there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WrongSite {
    /// No browser calls a page's origin that.
    #[error("`{0}` is no origin; write one such as `https://shop.example.com`, without a path")]
    Origin(String),
    /// The widget could not be painted in it.
    #[error("`{0}` is no colour; write one such as `#0b6e4f`")]
    Color(String),
}

/// An origin as browsers write it: in small letters, without a slash at its end, and without the usual port.
pub(crate) fn origin(text: &str) -> Result<String, WrongSite> {
    let wrong = || WrongSite::Origin(text.to_owned());
    let url = Url::parse(text.trim()).map_err(|_| wrong())?;
    let is_page = matches!(url.scheme(), "http" | "https");
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let is_nobodys = url.username().is_empty() && url.password().is_none();
    // Browsers name one host: what is meant for several would be none.
    let is_one = url.host_str().is_some_and(|host| !host.contains('*'));
    if is_page && is_bare && is_nobodys && is_one {
        return Ok(url.origin().ascii_serialization());
    }
    // Shells of apps and extensions have schemes of their own, and an origin that is not of the web's form.
    let is_of_app =
        !url.cannot_be_a_base() && !matches!(url.scheme(), "http" | "https" | "file" | "ftp" | "ws" | "wss");
    let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if is_of_app && is_bare && is_nobodys && is_one {
        return Ok(text.trim().trim_end_matches('/').to_ascii_lowercase());
    }
    Err(wrong())
}

/// A colour as the widget takes it: `#rgb` or `#rrggbb`.
pub(crate) fn color(text: &str) -> Result<String, WrongSite> {
    let color = text.trim();
    let digits = color.strip_prefix('#').unwrap_or_default();
    if matches!(digits.len(), 3 | 6) && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        Ok(color.to_owned())
    } else {
        Err(WrongSite::Color(text.to_owned()))
    }
}

/// Reads `origins`.
pub(crate) fn read_origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| origin(text).map_err(serde::de::Error::custom)).collect()
}

/// Reads `color`.
pub(crate) fn read_color<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.trim().is_empty());
    text.map(|text| color(&text).map_err(serde::de::Error::custom)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SiteConfig;

    #[test]
    fn origins_are_written_as_browsers_do() {
        for (text, written) in [
            ("https://shop.example.com", "https://shop.example.com"),
            (" https://Shop.Example.com/ ", "https://shop.example.com"),
            ("https://shop.example.com:443", "https://shop.example.com"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("chrome-extension://Abcdef/", "chrome-extension://abcdef"),
        ] {
            assert_eq!(origin(text).unwrap(), written, "{text}");
        }
        assert!(origin("https://商店.example.com").unwrap().starts_with("https://xn--"));
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            "shop.example.com",
            "https://",
            "https://shop.example.com/path",
            "https://shop.example.com?query",
            "https://somebody@shop.example.com",
            "https://*.example.com",
            "javascript:alert(1)",
            "file:///shop",
            "*",
        ] {
            assert_eq!(origin(text), Err(WrongSite::Origin(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn colours_are_those_of_the_widget() {
        assert_eq!(color(" #0B6e4f ").as_deref(), Ok("#0B6e4f"));
        assert_eq!(color("#abc").as_deref(), Ok("#abc"));
        for text in ["red", "#ab", "#abcd", "0b6e4f", "#0b6e4g", "\"><script>"] {
            assert!(color(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_file_is_read_by_the_same_rules() {
        let read = toml::from_str::<SiteConfig>;
        let site = read("origins = [\"https://shop.example.com/\"]\ncolor = \"#0b6e4f\"").unwrap();
        assert_eq!(site.origins, ["https://shop.example.com"]);
        assert_eq!(site.color.as_deref(), Some("#0b6e4f"));
        assert!(read("").unwrap().color.is_none());
        for (toml, problem) in [
            ("origins = [\"shop.example.com\"]", "`shop.example.com` is no origin; write one such as"),
            ("color = \"red\"", "`red` is no colour; write one such as `#0b6e4f`"),
        ] {
            let error = read(toml).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
