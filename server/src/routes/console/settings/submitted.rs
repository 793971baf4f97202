//! What came in with a form, by the names of its fields.

/// The fields of a form in their order. A name may be there several times.
pub(super) struct Submitted(pub(super) Vec<(String, String)>);

impl Submitted {
    /// The last value of that name; empty where there is none.
    pub(super) fn one(&self, name: &str) -> &str {
        self.0.iter().rfind(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// Names that begin so, without that beginning, and their values.
    pub(super) fn below<'form>(
        &'form self,
        beginning: &'form str,
    ) -> impl Iterator<Item = (&'form str, &'form str)> {
        self.0.iter().filter_map(move |(key, value)| Some((key.strip_prefix(beginning)?, value.as_str())))
    }

    /// The change that the form was made from; one that never was where it does not say.
    pub(super) fn since(&self) -> i64 {
        self.one("since").parse().unwrap_or(-1)
    }
}
