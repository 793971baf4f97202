//! Tables that people open in a spreadsheet: comma-separated values (RFC 4180) in which nothing is a formula.

/// What it is.
pub(super) const CONTENT_TYPE: &str = "text/csv; charset=utf-8";
/// Spreadsheets take a file for UTF-8 when it begins with this.
pub(super) const BEGINNING: &str = "\u{feff}";

/// One line. All values are quoted.
pub(super) fn line<Value: AsRef<str>>(values: impl IntoIterator<Item = Value>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| quoted(value.as_ref())).collect();
    format!("{}\r\n", values.join(","))
}

/// What begins as a formula would be run by a spreadsheet; after an apostrophe it is text.
fn quoted(value: &str) -> String {
    let is_formula = value.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let apostrophe = if is_formula { "'" } else { "" };
    format!("\"{apostrophe}{}\"", value.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn quotes_commas_and_lines_stay_in_their_value() {
        assert_eq!(
            line(["a,b", "say \"hi\"", "two\nlines", ""]),
            "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"\"\r\n"
        );
    }

    #[test]
    fn nothing_is_a_formula() {
        for formula in ["=HYPERLINK(\"http://x\",\"y\")", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1"] {
            assert!(line([formula]).starts_with("\"'"), "{formula}");
        }
        assert_eq!(line(["1-2=-1"]), "\"1-2=-1\"\r\n");
    }
}
