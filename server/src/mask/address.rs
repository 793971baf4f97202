//! Chinese addresses: a chain of places (`杭州市西湖区文三路`) and numbers (`123号5栋301室`).

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::compiled;

/// The text with addresses masked: those after a word such as `收货地址`, and those that look like one.
pub(super) fn mask(text: &str) -> Cow<'_, str> {
    super::then(cut(text, labelled(text)), |rest| cut(rest, unlabelled(rest)))
}

fn cut(text: &str, places: impl Iterator<Item = Range<usize>>) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut kept = 0;
    for place in places {
        masked.push_str(&text[kept..place.start]);
        masked.push_str("[address]");
        kept = place.end;
    }
    if kept == 0 { Cow::Borrowed(text) } else { Cow::Owned(masked + &text[kept..]) }
}

/// An address in so many words, up to the end of the clause.
static LABELLED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?:地址|住址) *(?P<by>[：:是为為]|(?:改|换|換)(?:成|为|為|到)[：:]?) *(?P<value>[^，。！？；,!?;\[\n]{4,60})",
    )
});
static QUESTION: LazyLock<Regex> =
    LazyLock::new(|| compiled("[吗嗎么麼哪几幾谁誰呢]|什|怎|是不|是否|能不|多少|错|錯"));

/// After a colon a place or a number is enough; `地址是` may go on in other ways.
fn labelled(text: &str) -> impl Iterator<Item = Range<usize>> {
    LABELLED.captures_iter(text).filter_map(|found| {
        let value = found.name("value")?;
        let written = value.as_str().trim_end();
        let enough = match &found["by"] {
            "是" | "为" | "為" => links(written).count() >= 2,
            _ => links(written).count() >= 1 || written.bytes().any(|byte| byte.is_ascii_digit()),
        };
        let place = value.start()..value.start() + written.len();
        (enough && !QUESTION.is_match(written)).then_some(place)
    })
}

fn unlabelled(text: &str) -> impl Iterator<Item = Range<usize>> {
    chains(text).into_iter().filter_map(|chain| {
        let whole = chain.first()?.place.start..chain.last()?.place.end;
        is_address(&chain, &text[whole.end..]).then_some(whole)
    })
}

struct Link {
    kind: Kind,
    place: Range<usize>,
    /// Whether it is `3号` or the like, which is also a day of the month.
    may_be_date: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `杭州市`
    State,
    /// `文三路`
    Road,
    /// `阳光花园`
    Estate,
    /// `123号`
    House,
    /// `5栋`, `301室`
    Flat,
    /// `5楼`, which is in shops too.
    Floor,
}

/// Links with nothing or a space between them.
fn chains(text: &str) -> Vec<Vec<Link>> {
    let mut chains: Vec<Vec<Link>> = Vec::new();
    for link in links(text) {
        let joins = |chain: &Vec<Link>| {
            chain.last().is_some_and(|last| matches!(&text[last.place.end..link.place.start], "" | " "))
        };
        match chains.last_mut().filter(|chain| joins(chain)) {
            Some(chain) => chain.push(link),
            None => chains.push(vec![link]),
        }
    }
    chains
}

/// A street or an estate and a number in it, a part of the country and something within it, or a flat in so many steps.
fn is_address(chain: &[Link], rest: &str) -> bool {
    let is_date = |link: &Link| link.may_be_date && rest.starts_with(AFTER_A_DATE);
    let chain = if chain.last().is_some_and(is_date) { &chain[..chain.len() - 1] } else { chain };
    let count = |kinds: &[Kind]| chain.iter().filter(|link| kinds.contains(&link.kind)).count();
    let named = chain.iter().position(|link| matches!(link.kind, Kind::Road | Kind::Estate));
    let numbered = chain.iter().rposition(|link| matches!(link.kind, Kind::House | Kind::Flat));
    let flats = count(&[Kind::Flat]);
    named.is_some_and(|place| numbered > Some(place))
        || (count(&[Kind::State]) >= 2 && (named.is_some() || numbered.is_some()))
        || flats >= 3
        || (flats == 2 && count(&[Kind::State, Kind::House]) > 0)
}

const AFTER_A_DATE: [char; 24] = [
    '到', '发', '發', '前', '后', '後', '能', '才', '会', '會', '之', '左', '以', '送', '收', '寄', '可',
    '就', '早', '晚', '上', '下', '的', '出',
];

/// Words that end like a road and are none.
const NO_ROADS: [&str; 18] = [
    "知道", "渠道", "味道", "通道", "频道", "頻道", "轨道", "軌道", "报道", "难道", "難道", "管道", "线路",
    "線路", "电路", "電路", "思路", "套路",
];

/// A name ends where a word begins that comes before an address.
const NAME: &str = r"[\p{Han}&&[^的到在住是寄发發送给給我你他她您了吗嗎呢请請把改换換为為和从從去来來不没沒有就要能也都想往这這那条條递遞货貨件单單址]]";
const NUMBER: &str = r"(?:[0-9０-９]+[A-Za-z]?|[A-Za-z]|[一二三四五六七八九十百]+)";

static LINK: LazyLock<Regex> = LazyLock::new(|| {
    compiled(&format!(
        "(?P<flat>{NUMBER}(?:号楼|號樓|栋|棟|幢|座|单元|單元|室|房))\
         |(?P<house>{NUMBER}(?:号院|号|號|弄|段)|[0-9]+(?:-[0-9]+)+(?:号|號|室)?|之[0-9]+)\
         |(?P<floor>{NUMBER}(?:楼|樓|层|層))\
         |{NAME}{{1,8}}?(?:\
         (?P<estate>小区|小區|花园|花園|公寓|大厦|大廈|新村|家园|家園|苑|广场|廣場|宿舍)\
         |(?P<state>省|自治区|自治區|市|区|區|县|縣|镇|鎮|乡|鄉|街道)\
         |(?P<road>{NAME}(?:大道|路|街|道|胡同)|村|巷))"
    ))
});

fn links(text: &str) -> impl Iterator<Item = Link> {
    const KINDS: [(&str, Kind); 6] = [
        ("flat", Kind::Flat),
        ("house", Kind::House),
        ("floor", Kind::Floor),
        ("estate", Kind::Estate),
        ("state", Kind::State),
        ("road", Kind::Road),
    ];
    LINK.captures_iter(text).filter_map(|found| {
        let (_, kind) = KINDS.into_iter().find(|(name, _)| found.name(name).is_some())?;
        let whole = found.get_match();
        let number = whole.as_str().trim_end_matches(['号', '號']);
        let may_be_date = kind == Kind::House
            && number != whole.as_str()
            && number.parse().map_or(number.chars().count() <= 3, |day: u32| day <= 31);
        let is_road = !NO_ROADS.iter().any(|word| whole.as_str().ends_with(word));
        is_road.then(|| Link { kind, place: whole.range(), may_be_date })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_an_address_is_masked() {
        for (text, masked) in [
            ("寄到浙江省杭州市西湖区文三路123号5栋301室", "寄到[address]"),
            ("我住在文三路123号，能送吗", "我住在[address]，能送吗"),
            ("请发到上海市 浦东新区 世纪大道100号 谢谢", "请发到[address] 谢谢"),
            ("送到阳光花园3栋2单元501室门口", "送到[address]门口"),
            ("阳光花园3-2-501，放门口", "[address]，放门口"),
            ("寄台北市大安區忠孝東路四段100號5樓之3", "寄[address]"),
            ("送九龍彌敦道100號5樓A室", "送[address]"),
            ("3栋2单元501室没人", "[address]没人"),
            ("我在南京东路12号", "我在[address]"),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn a_labelled_address_is_masked_to_the_end_of_its_clause() {
        for (text, masked) in [
            ("收货地址：杭州西溪湿地附近云栖小镇阿三家，放门口", "收货地址：[address]，放门口"),
            ("收货地址改成虹桥万科中心1803 谢谢", "收货地址改成[address]"),
            ("地址是上海市浦东新区张江高科", "地址是[address]"),
            ("地址: 12 Nanjing Road\n电话[phone]", "地址: [address]\n电话[phone]"),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn dates_floors_shops_and_questions_stay() {
        for text in [
            "3号发货",
            "你知道3号能到吗",
            "客服知道12号发货吗",
            "顺丰一路3号到的",
            "南京路3号到货",
            "5楼自提吗",
            "你们万达广场3楼有店吗",
            "广东省深圳市可以发货吗",
            "1号2号3号都没发",
            "2026-11-22 3号前",
            "地铁2号线文三路站",
            "收货地址可以改吗",
            "地址是哪个市的仓库",
            "地址：能不能改到公司3楼",
            "收货地址是不是只能填一个小区",
            "地址是旧的，请改一下",
            "偏远地区包邮吗，西藏自治区呢",
            "型号 NL-RC40 和 NL-VC20 有什么区别",
            "超市3号柜",
            "两室一厅用哪款",
        ] {
            assert!(matches!(mask(text), Cow::Borrowed(_)), "{text} -> {}", mask(text));
        }
    }
}
