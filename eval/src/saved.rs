//! A run as it is saved: a folder with `report.json` and `messages.jsonl`, an observation a line.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

use shopdesk_model::{write_file, write_file_with};

use crate::{Error, Observation, Report, Result, Source, page};

const REPORT: &str = "report.json";
const MESSAGES: &str = "messages.jsonl";
const PAGE: &str = "report.html";

/// What was evaluated, and what came out for each message.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What was evaluated on what.
    pub source: Source,
    /// In the data's order.
    pub observations: Vec<Observation>,
}

impl Run {
    /// All figures.
    #[must_use]
    pub fn report(&self) -> Report {
        Report::of(self.source.clone(), &self.observations)
    }

    /// Whether a folder holds a saved run.
    #[must_use]
    pub fn is_saved(folder: &Path) -> bool {
        folder.join(MESSAGES).is_file()
    }

    /// Reads a folder that [`save`] wrote.
    ///
    /// # Errors
    /// [`Error::NotAResult`] when another version wrote it, or something else.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join(REPORT);
        let not_a_result = |problem: String| Error::NotAResult { path: path.clone(), problem };
        let file = File::open(&path).map_err(Error::io("read", &path))?;
        let report: serde_json::Value = serde_json::from_reader(BufReader::new(file))
            .map_err(|error| not_a_result(format!("{error}. Run `shopdesk eval run` again")))?;
        let source = serde_json::from_value(report["source"].clone())
            .map_err(|error| not_a_result(format!("{error}. Run `shopdesk eval run` again")))?;
        let path = folder.join(MESSAGES);
        let lines = BufReader::new(File::open(&path).map_err(Error::io("read", &path))?).lines();
        let observations = (1_u64..).zip(lines).map(|(line, text)| {
            let text = text.map_err(Error::io("read", &path))?;
            serde_json::from_str(&text).map_err(|error| Error::Line {
                path: path.clone(),
                line,
                problem: format!("{error}. Run `shopdesk eval run` again"),
            })
        });
        Ok(Self { source, observations: observations.collect::<Result<Vec<Observation>>>()? })
    }
}

/// Writes the observations, the report and its page to a folder, which is made when it is not there. In this order, so that whoever
/// finds the page finds what it is made of; each of them whole, in place of what stood there.
///
/// # Errors
/// When the disk refuses.
pub fn save(folder: &Path, report: &Report, observations: &[Observation], personal_data: bool) -> Result<()> {
    write_file_with(&folder.join(MESSAGES), |file| {
        observations.iter().try_for_each(|observation| {
            serde_json::to_writer(&mut *file, observation)?;
            file.write_all(b"\n")
        })
    })?;
    write_file(&folder.join(REPORT), &serde_json::to_vec_pretty(report)?)?;
    write_file(&folder.join(PAGE), page(report, personal_data)?.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::tests::observed;
    use crate::report::tests::source;

    #[test]
    fn a_saved_run_is_read_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run { source: source(), observations: vec![observed(Some("a"), "b", 0.5, 0.25)] };
        assert!(!Run::is_saved(folder.path()));
        save(folder.path(), &run.report(), &run.observations, false).unwrap();
        assert!(Run::is_saved(folder.path()));
        assert_eq!(Run::load(folder.path()).unwrap(), run);
    }

    #[test]
    fn a_page_is_there_only_with_all_that_it_is_made_of() {
        let folder = tempfile::tempdir().unwrap();
        // Where the report should go, there is something that cannot be replaced by a file.
        std::fs::create_dir_all(folder.path().join(REPORT).join("x")).unwrap();
        let run = Run { source: source(), observations: vec![observed(Some("a"), "b", 0.5, 0.25)] };
        assert!(save(folder.path(), &run.report(), &run.observations, false).is_err());
        assert!(Run::is_saved(folder.path()));
        assert!(!folder.path().join(PAGE).exists());
    }

    #[test]
    fn another_folder_is_no_run() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Run::load(folder.path()), Err(Error::Io { .. })));
        std::fs::write(folder.path().join(REPORT), "{}").unwrap();
        assert!(matches!(Run::load(folder.path()), Err(Error::NotAResult { .. })));
    }
}
