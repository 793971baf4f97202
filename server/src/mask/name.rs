//! Names of people, where a word before them says that they are names.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::compiled;

/// The text with the names masked that follow `收件人`, `recipient` and the like.
pub(super) fn mask(text: &str) -> Cow<'_, str> {
    super::then(CHINESE.replace_all(text, "$label[name]"), |rest| ENGLISH.replace_all(rest, "$label[name]"))
}

/// What most people in China are called, in both scripts, and most of those with two characters. Asking for one of
/// them keeps `收件人改一下` as it is.
const SURNAMES: &str = "欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|司徒|东方|東方|皇甫|尉迟|尉遲|公孙|公孫|慕容|令狐|夏侯|\
    [王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈曾彭吕呂\
    苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史顾顧侯邵孟龙龍万萬\
    段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文庞龐樊兰蘭殷施陶洪翟安颜顏倪严嚴牛温溫芦季俞章鲁魯葛伍韦韋申尤毕畢聂聶]";

/// One or two characters that are not the beginning of what comes after a name.
const GIVEN: &str =
    r"[\p{Han}&&[^电電手地住址号號的吗嗎呢和先女是在谁誰么麼哪请請收改换換我你您他她把不没沒上便]]{1,2}";

static CHINESE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        "(?P<label>(?:收件人|收货人|收貨人|寄件人|联系人|聯繫人|聯絡人)(?:姓名)?\
         (?: *(?:[：:是叫为為]|改成|改为|改為|换成|換成)[：:]? *| +))(?:{SURNAMES}){GIVEN}"
    ))
});

static ENGLISH: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?P<label>\b(?i:recipient|consignee|addressee|contact person|contact name|attn|my name)(?:(?i: is)|\.?:) *)[A-Z][a-z'’-]+(?: [A-Z][A-Za-z.'’-]*){0,3}",
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_after_its_label_is_masked() {
        for (text, masked) in [
            ("收件人：张伟电话[phone]", "收件人：[name]电话[phone]"),
            ("收货人王小明，放门口", "收货人王小明，放门口"),
            ("收货人 王小明，放门口", "收货人 [name]，放门口"),
            ("联系人是欧阳娜娜", "联系人是[name]"),
            ("收件人改成李雷", "收件人改成[name]"),
            ("收件人姓名: 陳大文", "收件人姓名: [name]"),
            ("Recipient: Mary Ann O'Neill, London", "Recipient: [name], London"),
            ("my name is Li Lei and", "my name is [name] and"),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn without_a_label_or_a_name_nothing_is_changed() {
        for text in [
            "收件人是谁",
            "收件人：请改一下",
            "收件人可以改吗",
            "收件人 马上改",
            "联系人是我妈妈",
            "联系人写错了",
            "张小泉菜刀有货吗",
            "联系人是王女士",
            "the recipient is not at home",
            "my name is wrong",
        ] {
            assert!(matches!(mask(text), Cow::Borrowed(_)), "{text} -> {}", mask(text));
        }
    }
}
