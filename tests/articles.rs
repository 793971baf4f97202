//! `shopdesk kb` as a user runs it: the real binary and the real model.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use shopdesk_kb::Article;
use shopdesk_kb::import::Change;
use shopdesk_server::Store;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A shop with the starter's intents, articles of its own and an empty database.
struct TestShop {
    folder: TempDir,
}

impl TestShop {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = tempfile::tempdir().unwrap();
        let settings = std::fs::read_to_string(root.join("shop/shopdesk.toml")).unwrap();
        let quoted = |path: PathBuf| format!("\"{}\"", path.display());
        let settings = settings
            .replace("\"intents\"", &quoted(root.join("shop/intents")))
            .replace("\"sentiment.jsonl\"", &quoted(root.join("shop/sentiment.jsonl")))
            // They are about other articles.
            .replace("questions = \"questions.jsonl\"\n", "")
            .replace("\"../models/", &format!("\"{}/models/", root.display()))
            .replace("\"../data\"", "\"data\"");
        std::fs::write(folder.path().join("shopdesk.toml"), settings).unwrap();
        std::fs::create_dir(folder.path().join("kb")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    /// An article whose short answer is `answer`.
    fn article(&self, id: &str, answer: &str) {
        let text = format!(
            "---\nid: {id}\ntitle: About {id}\nlanguage: en\nintents: [return_request]\nquestions: [what about {id}?]\nanswer: {answer}\n---\n\n## More\n\nMore about {id}.\n"
        );
        self.write(&format!("kb/{id}.md"), &text);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopdesk"));
        command.arg("--shop").arg(self.folder.path()).arg("kb").args(arguments);
        command
            .env("SHOPDESK_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn kb(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command that succeeds prints.
    fn printed(&self, arguments: &[&str]) -> String {
        let output = self.kb(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Ids and short answers of the articles in force.
    fn in_force(&self) -> Vec<(String, String)> {
        let lines = self.printed(&["list", "--json"]);
        let articles = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        articles.map(|article| (text(&article["id"]), text(&article["answer"]))).collect()
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(id, answer)| ((*id).to_owned(), (*answer).to_owned())).collect()
}

#[test]
fn an_import_is_a_plan_before_it_is_done_and_old_texts_stay_readable() {
    let shop = TestShop::new();
    shop.article("a", "One.");
    shop.article("b", "Two.");
    assert!(shop.printed(&["import"]).contains("2 added, 0 changed, 0 withdrawn"));
    shop.article("a", "Three.");
    std::fs::remove_file(shop.path("kb/b.md")).unwrap();
    let planned = shop.printed(&["import", "--dry-run"]);
    assert!(planned.contains("0 added, 1 changed, 1 withdrawn"), "{planned}");
    assert_eq!(shop.in_force(), pairs(&[("a", "One."), ("b", "Two.")]));
    shop.printed(&["import"]);
    assert_eq!(shop.in_force(), pairs(&[("a", "Three.")]));
    assert!(shop.printed(&["import"]).contains("0 added, 0 changed, 0 withdrawn, 1 unchanged"));

    let history = shop.printed(&["show", "b", "--language", "en", "--history"]);
    let version = history.lines().last().unwrap().rsplit(' ').next().unwrap();
    assert!(history.lines().next().unwrap().ends_with("withdrawn"), "{history}");
    let old = shop.printed(&["show", "b", "--language", "en", "--version", version]);
    assert!(old.contains("Two.") && old.contains("More about b."), "{old}");
}

#[test]
fn a_broken_article_is_reported_and_stays_as_it_was() {
    let shop = TestShop::new();
    shop.article("a", "One.");
    shop.article("b", "Two.");
    shop.printed(&["import"]);
    shop.article("a", "Three.");
    shop.write("kb/b.md", "---\nid: b\ntitel: B\n---\n");
    let output = shop.kb(&["import"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("kb/b.md:3"), "{said}");
    assert_eq!(shop.in_force(), pairs(&[("a", "Three."), ("b", "Two.")]));
}

#[test]
fn tables_and_pages_add_to_what_is_there() {
    let shop = TestShop::new();
    shop.article("a", "One.");
    shop.printed(&["import"]);
    let table =
        shop.write("faq.csv", "question,answer,id,language\nhow long?,A week.,how-long,en\n,Nothing.,x,en\n");
    let output = shop.kb(&["import", &table, "--intent", "refund_status"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("faq.csv:3") && said.contains("1 added"), "{said}");
    let page = shop.write("page.html", "<h1>Opening hours</h1><p>Nine to five.</p>");
    shop.printed(&["import", &page, "--language", "en", "--intent", "ask_human"]);
    let unknown = shop.kb(&["import", &page, "--language", "en", "--intent", "no_such_intent"]);
    assert!(String::from_utf8(unknown.stdout).unwrap().contains("no_such_intent"));
    let all = pairs(&[("a", "One."), ("how-long", "A week."), ("page", "Nine to five.")]);
    assert_eq!(shop.in_force(), all);
    // The folder withdraws only what came from it.
    assert!(shop.printed(&["import"]).contains("0 withdrawn"));
    assert_eq!(shop.in_force(), all);
}

#[test]
fn what_is_exported_imports_as_the_same() {
    let shop = TestShop::new();
    shop.article("a", "\"One: two\"");
    shop.printed(&["import"]);
    let folder = shop.path("exported");
    shop.printed(&["export", folder.to_str().unwrap()]);
    let again = shop.printed(&["import", folder.to_str().unwrap(), "--dry-run"]);
    assert!(again.contains("0 added, 0 changed, 0 withdrawn, 1 unchanged"), "{again}");
}

/// Kills an import at many places, from its start to its end. Afterwards everything old is in force or everything new.
#[test]
fn a_killed_import_is_done_or_not_done() {
    const ARTICLES: usize = 12;
    let shop = TestShop::new();
    let write_all = |answer: &str| {
        for number in 0..ARTICLES {
            shop.article(&format!("a{number}"), answer);
        }
    };
    write_all("Round 0.");
    let begun = Instant::now();
    shop.printed(&["import"]);
    let whole = begun.elapsed();
    let mut outcomes = (0, 0);
    for round in 1..=16 {
        let before = shop.in_force();
        let answer = format!("Round {round}.");
        write_all(&answer);
        let mut import =
            shop.command(&["import"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole.mul_f64(f64::from(round) / 14.0).min(Duration::from_secs(20)));
        import.kill().unwrap();
        import.wait().unwrap();
        let after = shop.in_force();
        let is_new = after.iter().all(|(_, kept)| *kept == answer);
        assert!(is_new || after == before, "half of an import: {after:?}");
        assert_eq!(after.len(), ARTICLES);
        if is_new { outcomes.1 += 1 } else { outcomes.0 += 1 }
    }
    assert!(outcomes.0 > 0, "no import was killed in time: {outcomes:?}");
    write_all("At last.");
    shop.printed(&["import"]);
    assert!(shop.in_force().iter().all(|(_, answer)| answer == "At last."));
}

#[test]
fn a_killed_rebuild_loses_nothing() {
    let shop = TestShop::new();
    for number in 0..12 {
        shop.article(&format!("a{number}"), "One.");
    }
    shop.printed(&["import"]);
    let before = shop.in_force();
    let begun = Instant::now();
    assert!(shop.printed(&["rebuild"]).contains("12 articles in 36 passages"));
    let whole = begun.elapsed();
    for part in 1..8 {
        let mut rebuild =
            shop.command(&["rebuild"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole.mul_f64(f64::from(part) / 8.0));
        rebuild.kill().unwrap();
        rebuild.wait().unwrap();
        assert_eq!(shop.in_force(), before);
    }
    assert!(shop.printed(&["rebuild"]).contains("12 articles in 36 passages"));
}

#[test]
fn a_file_that_was_renamed_or_cannot_be_read_takes_nothing_away() {
    let shop = TestShop::new();
    shop.article("a", "One.");
    shop.article("b", "Two.");
    shop.printed(&["import"]);
    std::fs::rename(shop.path("kb/a.md"), shop.path("kb/renamed.md")).unwrap();
    std::fs::write(shop.path("kb/b.md"), b"---\nid: b\ntitle: \xcd\xcb\xbb\xf5\n---\n").unwrap();
    let output = shop.kb(&["import"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("renamed.md:2") && said.contains("UTF-8"), "{said}");
    assert_eq!(shop.in_force(), pairs(&[("a", "One."), ("b", "Two.")]));
}

#[test]
fn another_folder_adds_and_an_empty_one_is_refused() {
    let shop = TestShop::new();
    shop.article("a", "One.");
    shop.printed(&["import"]);
    let other = shop.path("other");
    std::fs::create_dir(&other).unwrap();
    let refused = shop.kb(&["import", other.to_str().unwrap(), "--complete"]);
    assert_eq!(refused.status.code(), Some(2));
    let text = std::fs::read_to_string(shop.path("kb/a.md")).unwrap();
    std::fs::write(other.join("b.md"), text.replace("id: a", "id: b")).unwrap();
    shop.printed(&["import", other.to_str().unwrap()]);
    assert_eq!(shop.in_force(), pairs(&[("a", "One."), ("b", "One.")]));
    shop.printed(&["withdraw", "b"]);
    assert_eq!(shop.in_force(), pairs(&[("a", "One.")]));
    assert_eq!(shop.kb(&["withdraw", "b"]).status.code(), Some(2));
}

#[test]
fn what_somebody_changed_in_the_console_is_left_alone_until_it_is_overwritten() {
    let shop = TestShop::new();
    shop.article("a", "One.");
    shop.article("b", "One.");
    shop.printed(&["import"]);
    let database = shop.path("data/shopdesk.db");
    let by_hand = async {
        let store = Store::open(&database).await.unwrap();
        let shelf = store.articles().await.unwrap();
        let [a, b] = ["a", "b"]
            .map(|id| shelf.articles().into_iter().find(|article| article.id.as_str() == id).unwrap());
        let new = Article { answer: "By hand.".to_owned(), ..a.as_ref().clone() }.with_version();
        let replace = Change::Replace { old: a.version.clone(), new: Arc::new(new) };
        let withdraw =
            Change::Withdraw { id: b.id.clone(), language: b.language.clone(), old: b.version.clone() };
        store.change_by_hand(shelf.revision, &[replace, withdraw], "anna").await.unwrap().unwrap();
    };
    Runtime::new().unwrap().block_on(by_hand);
    let said = shop.printed(&["import"]);
    assert!(said.contains("0 added, 0 changed, 0 withdrawn, 0 unchanged, 2 kept"), "{said}");
    assert_eq!(shop.in_force(), pairs(&[("a", "By hand.")]));
    assert!(shop.printed(&["show", "a", "--language", "en", "--history"]).contains("console anna"));
    // The folder says the same now, and has the article back.
    shop.article("a", "By hand.");
    assert!(shop.printed(&["import"]).contains("taken over"));
    shop.article("a", "Two.");
    assert!(shop.printed(&["import"]).contains("1 changed"));
    shop.printed(&["import", "--overwrite"]);
    assert_eq!(shop.in_force(), pairs(&[("a", "Two."), ("b", "One.")]));
}
