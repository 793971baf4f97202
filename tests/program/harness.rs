//! The real binary over a copy of the starter shop.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::LazyLock;

use serde_json::{Value, json};
use tempfile::TempDir;

/// The starter shop with a data folder of its own, trained once for all tests.
pub(crate) static STARTER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap().keep();
    let shop = starter_copy(&folder);
    let output = shopdesk(&shop, &["train", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    // Guessing would be right once in 48 times.
    assert!(report["metrics"]["in_scope_accuracy"].as_f64().unwrap() > 0.7, "{report}");
    assert!(report["thresholds"]["promise"]["answered"].as_u64().unwrap() > 0, "{report}");
    // Embeds the articles once for all tests.
    assert!(shopdesk(&shop, &["kb", "search", "退货"]).status.success());
    shop
});

/// `shopdesk.toml` of the starter shop with its paths made absolute and its data in `folder`.
pub(crate) fn starter_copy(folder: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let settings = std::fs::read_to_string(root.join("shop/shopdesk.toml")).unwrap();
    let quoted = |path: PathBuf| format!("\"{}\"", path.display());
    let settings = settings
        .replace("\"intents\"", &quoted(root.join("shop/intents")))
        .replace("\"sentiment.jsonl\"", &quoted(root.join("shop/sentiment.jsonl")))
        .replace("\"questions.jsonl\"", &quoted(root.join("shop/questions.jsonl")))
        .replace("\"kb\"", &quoted(root.join("shop/kb")))
        .replace("\"../models/", &format!("\"{}/models/", root.display()))
        .replace("\"../data\"", &quoted(folder.join("data")));
    let path = folder.join("shopdesk.toml");
    std::fs::write(&path, settings).unwrap();
    path
}

pub(crate) fn command(shop: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopdesk"));
    command.arg("--shop").arg(shop).args(arguments).env("SHOPDESK_LOG", "warn").stdin(Stdio::null());
    command
}

pub(crate) fn shopdesk(shop: &Path, arguments: &[&str]) -> Output {
    command(shop, arguments).output().unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn json_lines(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", stderr(output));
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A copy of the trained starter shop, for tests that write.
pub(crate) fn trained_copy(folder: &TempDir) -> PathBuf {
    let shop = starter_copy(folder.path());
    let (from, to) = (STARTER.parent().unwrap().join("data"), folder.path().join("data"));
    copy_folder(&from.join("bundle"), &to.join("bundle"));
    for file in std::fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
    shop
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A running `shopdesk serve` on a port that the system chose.
pub(crate) struct Server {
    child: Child,
    address: String,
    /// A key for everything.
    key: String,
}

/// A key for everything.
pub(crate) fn admin_key(shop: &Path, environment: &[(&str, &str)]) -> String {
    let mut command = command(shop, &["key", "create", "test", "--scope", "admin"]);
    let made = command.envs(environment.iter().copied()).output().unwrap();
    assert!(made.status.success(), "{}", stderr(&made));
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

impl Server {
    pub(crate) fn start(shop: &Path) -> Self {
        Self::start_with(shop, &[], &admin_key(shop, &[]))
    }

    /// With these variables in its environment, and a key that was made before.
    pub(crate) fn start_with(shop: &Path, environment: &[(&str, &str)], key: &str) -> Self {
        let mut command = command(shop, &["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.envs(environment.iter().copied()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        let address = address.unwrap_or_else(|| panic!("no address in `{line}`")).to_owned();
        Self { child, address, key: key.to_owned() }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.expect_success("GET", path, "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        self.expect_success("POST", path, &body.to_string())
    }

    pub(crate) fn conversation(&self) -> String {
        self.post("/v1/conversations", &json!({}))["id"].as_str().unwrap().to_owned()
    }

    fn expect_success(&self, method: &str, path: &str, body: &str) -> Value {
        let (status, text) = self.ask(method, path, body).expect("a reply");
        assert!((200..300).contains(&status), "{status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The status and the body; nothing when the server went away meanwhile.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
        let mut stream = self.send(method, path, body, "application/json")?;
        let mut response = String::new();
        stream.read_to_string(&mut response).ok()?;
        let (head, body) = response.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        // A body that was cut off is no reply.
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse::<usize>().ok()?;
        (body.len() == length).then(|| (status, body.to_owned()))
    }

    /// Sends a request and leaves the reply to be read.
    pub(crate) fn send(&self, method: &str, path: &str, body: &str, accept: &str) -> Option<TcpStream> {
        self.send_with(method, path, body, &format!("accept: {accept}\r\n"))
    }

    /// The same with these header lines.
    pub(crate) fn send_with(&self, method: &str, path: &str, body: &str, headers: &str) -> Option<TcpStream> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let (length, key) = (body.len(), &self.key);
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n{headers}\
             connection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).ok()?;
        Some(stream)
    }

    /// As a service manager does. Waits until it has ended, and says how.
    pub(crate) fn stop(mut self) -> ExitStatus {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(told.unwrap().success());
        self.child.wait().unwrap()
    }

    /// The key for everything.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// As `kill -9` does.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// The same while others still talk to it.
    pub(crate) fn kill_now(&self) {
        let killed = Command::new("kill").args(["-9", &self.child.id().to_string()]).status();
        assert!(killed.unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed must not leave a server behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
