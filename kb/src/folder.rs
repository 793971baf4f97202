//! Reads a folder of articles. A broken one is reported and left out; the others are there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Article, ArticleId, Error, Language, Mistake, Result};

/// The articles of a shop.
#[derive(Clone, Debug, Default)]
pub struct Articles {
    /// Sorted by language and id.
    pub articles: Vec<Arc<Article>>,
    /// What kept other files out.
    pub mistakes: Vec<Mistake>,
}

impl Articles {
    /// Reads all `*.md` files below `folder`.
    ///
    /// # Errors
    /// Only when a folder or file cannot be read; broken articles are in [`Articles::mistakes`].
    pub fn load(folder: &Path) -> Result<Self> {
        let mut files = Vec::new();
        collect_markdown(folder, &mut files)?;
        files.sort();
        let mut loaded = Self::default();
        let mut seen: HashMap<(ArticleId, Language), PathBuf> = HashMap::new();
        for path in files {
            let text = match std::fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) => {
                    let problem = format!("it cannot be read: {error}; articles are files in UTF-8");
                    loaded.mistakes.push(Mistake { path, article: None, line: None, problem });
                    continue;
                }
            };
            match Article::parse(&path, &text) {
                Ok(article) => {
                    let key = (article.id.clone(), article.language.clone());
                    if let Some(other) = seen.get(&key) {
                        let problem = format!("`{}` has the same id and language", other.display());
                        loaded.mistakes.push(Mistake {
                            path,
                            article: Some(article.id.clone()),
                            line: None,
                            problem,
                        });
                        continue;
                    }
                    seen.insert(key, path);
                    loaded.articles.push(Arc::new(article));
                }
                Err(mistakes) => loaded.mistakes.extend(mistakes),
            }
        }
        loaded.articles.sort_by(|a, b| (&a.language, &a.id).cmp(&(&b.language, &b.id)));
        Ok(loaded)
    }
}

fn collect_markdown(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let failed = |source| Error::Io { path: folder.to_path_buf(), source };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        // Hidden files are other programs' business, and hidden folders too.
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        if path.is_dir() {
            collect_markdown(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_article_keeps_only_itself_out() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let good = "---\nid: a\ntitle: A\nlanguage: en\nintents: [x]\nquestions: []\nanswer: A.\n---\n";
        write("en/a.md", good);
        write("en/b.md", "no front matter");
        write("copy/a.md", good);
        let articles = Articles::load(folder.path()).unwrap();
        assert_eq!(articles.articles.len(), 1);
        assert_eq!(articles.mistakes.len(), 2, "{:?}", articles.mistakes);
    }
}
