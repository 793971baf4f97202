//! A promise that is chosen in the console: the next training keeps it, and no start is refused meanwhile.

use serde_json::Value;

use crate::harness::{Server, shopdesk, stderr};
use crate::learning::{Console, tiny_shop};

const PAGE: &str = "/console/settings/promise";

#[test]
fn what_is_promised_in_the_console_is_trained_for_and_refuses_no_start() {
    let folder = tempfile::tempdir().unwrap();
    let shop = tiny_shop(folder.path());
    let differs = "The bundle in use keeps another promise";
    let server = Server::start(&shop);
    let console = Console::log_in(&shop, &server);
    assert!(!console.page(PAGE).contains(differs));
    let saved = console.form(PAGE, "since=0&max_error=30&confidence=60");
    assert!(saved.contains(differs), "{saved}");
    server.kill();

    // The bundle is that of before: it goes on, with a warning.
    let classified = shopdesk(&shop, &["classify", "怎么退货"]);
    assert!(classified.status.success(), "{}", stderr(&classified));
    assert!(
        stderr(&classified).contains("not yet the one that was chosen in the console"),
        "{}",
        stderr(&classified)
    );
    Server::start(&shop).kill();

    let trained = shopdesk(&shop, &["train", "--json"]);
    assert!(trained.status.success(), "{}", stderr(&trained));
    let report: Value = serde_json::from_slice(&trained.stdout).unwrap();
    let kept = &report["thresholds"]["promise"];
    assert_eq!((kept["max_error"].as_f64(), kept["confidence"].as_f64()), (Some(0.3), Some(0.6)));
    let classified = shopdesk(&shop, &["classify", "怎么退货"]);
    assert!(!stderr(&classified).contains("chosen in the console"), "{}", stderr(&classified));
}

#[test]
fn what_is_promised_in_the_file_alone_refuses_a_bundle_that_keeps_another() {
    let folder = tempfile::tempdir().unwrap();
    let shop = tiny_shop(folder.path());
    let settings = std::fs::read_to_string(&shop).unwrap();
    std::fs::write(&shop, settings.replace("max_error = 0.02", "max_error = 0.03")).unwrap();
    let refused = shopdesk(&shop, &["classify", "怎么退货"]);
    assert!(!refused.status.success());
    assert!(
        stderr(&refused).contains("another promise than `[promise]` in the settings"),
        "{}",
        stderr(&refused)
    );
}
