//! Messages that need what was said before: "那运费呢" after a question about a return.
//!
//! Read alone, such a message is often confidently misunderstood, and a message about something new is misunderstood when it is read with
//! what was said before. So words decide which it is, and where they say nothing, whether the message is clear by itself.
//! `shopdesk eval dialogues` measures it.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

/// How a message goes on from what was said before, by its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuation {
    /// It says that it goes on: "那…呢", "what about".
    FollowsOn,
    /// It says that it is about something else: "另外", "by the way".
    NewTopic,
    /// It does not say.
    Unmarked,
}

impl Continuation {
    /// What a message says of itself.
    #[must_use]
    pub fn of(message: &str) -> Self {
        let message = message.trim();
        if NEW_TOPIC.is_match(message) {
            Self::NewTopic
        } else if FOLLOWS_ON.is_match(message) {
            Self::FollowsOn
        } else {
            Self::Unmarked
        }
    }
}

/// A message together with what was said before it.
#[must_use]
pub fn with_context(before: &str, message: &str) -> String {
    format!("{}，{}", before.trim_end_matches(['。', '.', '，', ',', '\n', ' ']), message)
}

static NEW_TOPIC: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"^(哦|噢|喔|嗯|好的?|行)?[，,。 ]*(对了|對了|另外|还有|還有|顺便|順便|再问|再問|换个|換個|还想问|還想問)|^(oh,? )?(and )?(by the way|btw|also|another|separate|different|one more)\b",
    )
});

static FOLLOWS_ON: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"^(那|那么|那麼|如果|要是|万一|萬一)|呢[？?！!。]?$|它|这个|這個|那个|那個|这种|這種|那种|那種|^(and|but|then|so|or|if|what about|how about|what if)\b|\b(it|that|this|those|them|one)\b",
    )
});

fn compiled(pattern: &str) -> Regex {
    let built = RegexBuilder::new(pattern).case_insensitive(true).build();
    built.expect("the pattern is a constant that the tests compile")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_whether_a_message_goes_on() {
        for (message, expected) in [
            ("那运费呢？", Continuation::FollowsOn),
            ("那已經拆了的呢", Continuation::FollowsOn),
            ("what about the charger?", Continuation::FollowsOn),
            ("How long does it take", Continuation::FollowsOn),
            ("对了，发票怎么开", Continuation::NewTopic),
            ("哦对，今早那单", Continuation::Unmarked),
            ("By the way, do you sell filters?", Continuation::NewTopic),
            ("另外这个能退吗", Continuation::NewTopic),
            ("要多久", Continuation::Unmarked),
            ("昨天到的吹风机颜色给我发错了", Continuation::Unmarked),
        ] {
            assert_eq!(Continuation::of(message), expected, "{message}");
        }
    }
}
