//! Chinese for readers of the other script: the shop's own words, character for character and not by other words.

use std::borrow::Cow;
use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use shopdesk_triage::MessageLanguage;

static TO_TRADITIONAL: LazyLock<OpenCC> = LazyLock::new(|| converter(BuiltinConfig::S2tw));
static TO_SIMPLIFIED: LazyLock<OpenCC> = LazyLock::new(|| converter(BuiltinConfig::Tw2s));

fn converter(config: BuiltinConfig) -> OpenCC {
    OpenCC::from_config(config).expect("the dictionary is compiled into the program")
}

/// A text that is written in the language of that tag, for a reader of `reader`. Only Chinese in the other script is changed.
pub(crate) fn for_reader<'a>(text: &'a str, written: &str, reader: MessageLanguage) -> Cow<'a, str> {
    let is_traditional = written == "zh-Hant" || written.starts_with("zh-Hant-");
    let is_chinese = written == "zh" || written.starts_with("zh-");
    match reader {
        MessageLanguage::TraditionalChinese if is_chinese && !is_traditional => {
            Cow::Owned(TO_TRADITIONAL.convert(text))
        }
        MessageLanguage::SimplifiedChinese if is_traditional => Cow::Owned(TO_SIMPLIFIED.convert(text)),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_chinese_in_the_other_script_is_changed() {
        use MessageLanguage::{English, SimplifiedChinese, TraditionalChinese};
        for (text, written, reader, expected) in [
            ("发货后联系快递", "zh", TraditionalChinese, "發貨後聯繫快遞"),
            ("發貨後聯繫快遞", "zh-Hant", TraditionalChinese, "發貨後聯繫快遞"),
            ("發貨後聯繫快遞", "zh-Hant", SimplifiedChinese, "发货后联系快递"),
            ("发货", "zh-Hans", English, "发货"),
            ("发货 NL-VC20", "en", TraditionalChinese, "发货 NL-VC20"),
        ] {
            assert_eq!(for_reader(text, written, reader), expected);
        }
    }
}
