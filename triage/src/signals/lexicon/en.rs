//! English.

use shopdesk_model::intents::Priority::{High, Urgent};

use super::{Beside, Lexicon, rule};
use crate::signals::entity::{Carrier, Currency};

pub(super) const LEXICON: Lexicon = Lexicon {
    beside_numbers: &[
        (r"\border(?:ed|s)?\b(?: (?:number|no|num|id|ref|reference))?", Beside::Order),
        (
            r"\b(?:tracking|waybill|consignment|shipment|parcel|package|airway bill|awb)\b(?: (?:number|no|num|id|code|ref))?",
            Beside::Waybill,
        ),
        (r"\bs\.?f\.? express\b|\bsf\b|\bshunfeng\b", Beside::Carrier(Carrier::Sf)),
        (r"\bjd\b|\bjingdong\b", Beside::Carrier(Carrier::Jd)),
        (r"\byto\b|\byuantong\b", Beside::Carrier(Carrier::Yto)),
        (r"\bzto\b|\bzhongtong\b", Beside::Carrier(Carrier::Zto)),
        (r"\bsto\b|\bshentong\b", Beside::Carrier(Carrier::Sto)),
        (r"\bj&t\b|\bjt\b", Beside::Carrier(Carrier::Jt)),
        (r"\byunda\b", Beside::Carrier(Carrier::Yunda)),
        (r"\bems\b|\bchina post\b", Beside::Carrier(Carrier::Ems)),
        (r"\bups\b", Beside::Carrier(Carrier::Ups)),
        (r"\bdhl\b", Beside::Carrier(Carrier::Dhl)),
        (r"\bt-?cat\b|\bblack cat\b", Beside::Carrier(Carrier::Tcat)),
        (
            r"\b(?:phone|mobile|cell|tel|telephone|call|ring|rang|whatsapp|text|contact|reach|number is)\b",
            Beside::Phone,
        ),
        (
            r"\b(?:tax|vat|card|account|serial|passport|id card|identity|code|imei|iban|barcode)\b(?: (?:number|no|id|code))?",
            Beside::Foreign,
        ),
    ],
    money_units: &[
        (r"dollars?\b|bucks?\b", None),
        (r"rmb\b|yuan\b|kuai\b|cny\b", Some(Currency::Cny)),
        (r"hkd\b", Some(Currency::Hkd)),
        (r"twd\b|ntd\b", Some(Currency::Twd)),
        (r"usd\b", Some(Currency::Usd)),
        (r"euros?\b|eur\b", Some(Currency::Eur)),
        (r"quid\b|pounds?\b|gbp\b|pence\b", Some(Currency::Gbp)),
        (r"sgd\b", Some(Currency::Sgd)),
        (r"ringgit\b|myr\b", Some(Currency::Myr)),
    ],
    amounts: &[rule(
        "en.amount.words",
        r"\b(?:(?:a|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|couple hundred)[ -](?:and )?)+(?:dollars|bucks|quid|pounds|yuan|kuai|rmb|euros)\b",
    )],
    not_amounts: &[],
    number_in_words,
    dates: &[
        rule(
            "en.date.month_first",
            r"\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.? (?:the )?(?:[12][0-9]|3[01]|0?[1-9])(?:st|nd|rd|th)?\b(?:,? 20[0-9]{2}\b)?",
        ),
        rule(
            "en.date.day_first",
            r"\b(?:[12][0-9]|3[01]|0?[1-9])(?:st|nd|rd|th)?(?: of)? ?(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b(?:,? 20[0-9]{2}\b)?",
        ),
        rule("en.date.weekday", r"\b(?:(?:last|next|this) )?(?:mon|tues|wednes|thurs|fri|satur|sun)day\b"),
        rule("en.date.weekday", r"\b(?:last|next|this) (?:mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)\b"),
        rule(
            "en.date.weekday",
            r"\b(?:on|by|since|until|till|before) (mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)\b",
        ),
        rule(
            "en.date.relative",
            r"\b(?:(?:the )?day (?:before yesterday|after tomorrow)|today|yesterday|tomorrow|tonight|tmrw?|last night)\b",
        ),
        rule("en.date.week_or_month", r"\b(?:last|next) (?:week|month|weekend)\b|\bthis weekend\b"),
        rule(
            "en.date.festival",
            r"\b(?:black friday|cyber monday|singles'? day|double (?:11|eleven)|christmas(?: eve| day)?|boxing day|new year's(?: eve| day)?|(?:chinese|lunar) new year|easter|halloween|valentine's(?: day)?|mother's day|father's day)\b|\b11\.11\b|\b6\.18\b",
        ),
    ],
    not_dates: &[],
    human: &[
        rule(
            "en.human.talk",
            r"\b(?:speak|talk|chat|spoke|discuss|deal|do (?:it|this)|get through|sort (?:it|this))\b.{0,24}?\b(?:to|with)\b.{0,24}?\b(?:human|humans|person|people|someone|somebody|agents?|representative|rep|manager|supervisor|operator|advis[eo]rs?|staff|colleague|team|customer services?|whoever)\b",
        ),
        rule(
            "en.human.transfer",
            r"\b(?:put|transfer|connect|pass|hand|escalate|switch|redirect|forward|patch|refer)(?: me| us| this| it)?(?: on| over| through| back)? (?:to|with)\b.{0,20}?\b(?:human|person|someone|somebody|agent|representative|rep|manager|supervisor|operator|advis[eo]r|staff|colleague|team|customer services?)\b",
        ),
        rule(
            "en.human.want",
            r"\b(?:get me|give me|find me|bring me|i need|i want|need|want|wanna have|prefer|i'd like|send me|fetch|demand|where is|any|is there|have you got|get|reach)\b (?:(?:an?|the|your|some|any|one of your|actual|real|live|human|proper|to|hold of|through to|living|breathing|somebody|please) ){0,5}(?:human(?: being)?|person|real people|agent|representative|manager|supervisor|operator|advis[eo]r|customer service rep(?:resentative)?)\b",
        ),
        rule(
            "en.human.want",
            r"\b(?:get|find|give) me (?:an? )?(?:somebody|someone|colleague)\b|\bneed one of your (?:staff|people|team|agents|colleagues)\b|\banyone with a pulse\b",
        ),
        rule(
            "en.human.bare",
            r"^ *(?:please )?(?:transfer|put) me(?: through| over| now| please)*$|\bqueue for an? (?:agent|human|person)\b",
        ),
        rule(
            "en.human.bare",
            r"^ *(?:please |a |an |the |your |get |just |real |live |actual |customer service |customer |speak |to |with |not a bot |no bots? |i said |hello |ok |now |an actual )*(?:human(?: being)?|person|agent|operator|representative|rep|advis[eo]r|manager|supervisor|live chat|real people)(?: agent| support| being| help| please| pls| plz| now| thanks| thank you| asap| required| needed| for me)* *$",
        ),
        rule(
            "en.human.contact_me",
            r"\b(?:can|could|have|get|ask|tell|let|want|need|would like|please|will)\b.{0,12}?\b(?:someone|somebody|a person|a human|your (?:manager|supervisor)|an? (?:agent|manager|supervisor|colleague|adviser|advisor|representative)|one of your (?:team|staff|agents|colleagues|people))\b.{0,12}?\b(?:contact|call|ring|phone|speak|talk|chat|get in touch|get back|step in|take over)\b",
        ),
        rule(
            "en.human.real",
            r"\b(?:real|actual|live|living|flesh and blood) (?:human|person|people|agent|somebody|someone)\b",
        ),
        rule(
            "en.human.no_bot",
            r"\b(?:don't want|not|no|stop|rather than|instead of|sick of|enough of|tired of)\b.{0,20}?\b(?:talk(?:ing)? to|chat(?:ting)? (?:to|with)|speak(?:ing)? (?:to|with)) (?:a |this |your |the |another )?(?:bot|robot|machine|chatbot|ai|computer)\b",
        ),
        rule(
            "en.human.staff",
            r"\b(?:one|member) of (?:your )?(?:staff|team)\b.{0,10}?\b(?:please|now|to (?:call|contact|help|look))\b",
        ),
        rule("en.human.boss", r"\b(?:manager|supervisor)\b(?: now| please|[^a-z]*$)"),
    ],
    not_human: &[
        r"\b(?:made|fit|designed|meant|intended|suitable) for (?:a )?(?:humans?|people|person)\b",
        r"\bhuman (?:hair|error|rights|size|body|skin)\b",
        r"\b(?:delivery|travel|cleaning|real estate|shipping|shopping) (?:person|agent|people)\b",
        r"\b(?:per|second|third|other|nice|tall|one|first) person\b",
        r"\b(?:spoke|spoken|talked|chatted) (?:to|with)\b.{0,40}",
        r"\b(?:was|been|got) (?:transferred|passed|put|connected|handed|promised)\b.{0,40}",
        r"\bpeople (?:say|are|were|who|have)\b",
    ],
    alarms: &[
        (
            Urgent,
            rule(
                "en.alarm.regulator",
                r"\btrading standards\b|\bombudsman\b|\bconsumer (?:association|protection|council|rights|affairs|commission|watchdog|programme)\b|\bregulators?\b|\bwatchdog\b|\bauthorit(?:y|ies)\b|\bmarket (?:supervision|regulat\w+)\b|\b(?:better business bureau|bbb|ftc|citizens advice)\b|\b(?:report\w*|tell\w*|call\w*|complain\w*)\b.{0,20}\btax office\b|\breport(?:ing|ed)? (?:you|your (?:shop|company|store|business))\b|\bformal report\b",
            ),
        ),
        (
            Urgent,
            rule(
                "en.alarm.court",
                r"\b(?:in|to|small claims|county|high) court\b|\bsmall claims\b|\bcourt (?:proceedings|action|order|papers|summons|date|case)\b|\b(?:sue|suing) (?:you|your|the|this|them|over|if)\b|\b(?:will|gonna|to) sue\b|\bsolicitors?\b|\blawyers?\b|\battorney\b|\blegal (?:action|proceedings|advice|team|steps|route)\b|\blawsuit\b|\bserve papers\b|\btreble damages\b",
            ),
        ),
        (Urgent, rule("en.alarm.police", r"\bpolice\b|\b(?:action fraud|fraud report|criminal complaint)\b")),
        (
            Urgent,
            rule(
                "en.alarm.media",
                r"\b(?:bbc|itv|cnn|scmp|daily mail|the guardian|watchdog|rip-?off britain)\b|\bnewspapers?\b|\b(?:to|tell|contact\w*|call\w*|in) the (?:papers|press|media|news)\b|\bjournalists?\b|\breporters?\b|\bcamera crew\b|\b(?:go|going|gone) public\b|\bgo(?:ing)? viral\b|\bnam(?:e|ing) and sham(?:e|ing)\b|\bexpos(?:e|ing) (?:you|your|this)\b|\b(?:post|posting|posted|put|putting|share|sharing|blow|publish\w*|goes|go|all over|plaster\w*|straight)\b.{0,30}?\b(?:tiktok|twitter|reddit|facebook|instagram|youtube|social media|trustpilot|xiaohongshu|weibo|douyin|online|video|google reviews?)\b|\b(?:tiktok|twitter|reddit|trustpilot)\b.{0,20}\b(?:will|would|gonna|going to)\b|\b[0-9]+k? views\b|\bpost(?:ing)? (?:all of )?(?:this|it|everything|about (?:this|you)) (?:online|everywhere)\b|\babout to post\b|\b(?:everyone|everybody) (?:on|online)\b",
            ),
        ),
        (
            Urgent,
            rule(
                "en.alarm.danger",
                r"\b(?:on|caught|catch(?:es|ing)?|cause[ds]? a|started a|house) fire\b|^ *fire *$|\bablaze\b|\b(?:set|caught) alight\b|\bfumes\b|\bburns? on (?:my|his|her|our)\b|\b(?:child|kid|son|daughter|baby|toddler|mum|mother|dad|wife|husband|hand|arm|finger|face)\b.{0,24}\b(?:burn\w*|hurt|injur\w*|chok\w+|bleed\w*|a&e)\b|\bflames?\b|\bfire (?:brigade|engine|department|service|hazard)\b|\bspark(?:s|ed|ing)?\b|\bblue flash\w*\b|\btingl\w+\b|\bzapped\b|\belectricity\b.{0,6}\bleak\w*\b|\b(?:bare|exposed) (?:copper|wires?)\b|\b(?:water|dripping|leak\w*)\b.{0,24}\b(?:socket|extension lead|plug|power strip|outlet)\b|\b(?:battery|batteries)\b.{0,16}\b(?:puff\w*|swell\w*|bulg\w*)\b|\bsmok(?:e|ing)\b|\belectric(?:al)? shock\b|\belectrocut\w+\b|\b(?:got|(?:gave|gives?|giving) (?:me|her|him|us)|get|gets|getting) (?:an? )?(?:\w+ )?shocks?\b|\bburn(?:t|ed|ing|s)? (?:my|his|her|our|the (?:house|kitchen|carpet|floor|wall|table|worktop)|plastic|smell|rubber|down|hand|finger|skin)\b|\bburning (?:smell|plastic|rubber|hot)\b|\b(?:is|it's|its|something|started) burning\b|\bsmell(?:s|ed)? (?:of )?(?:burn(?:t|ing)|gas|smoke|melting)\b|\bsmells? burnt\b|\bblisters?\b|\bscald\w*\b|\bexplo(?:ded?|des|ding|sion)\b|\bblew up\b|\bswollen\b|\bbulging\b|\bgas leak\b|\bleaking gas\b|\bbleeding\b|\bdrew blood\b|\bin (?:a&e|hospital with)\b|\bmelt(?:ed|ing) (?:plug|socket|into|through|onto|cable|cord)\b|\b(?:plug|socket|cable|cord|outlet)\b.{0,12}?\b(?:melt\w*|black|scorched|burnt)\b|\bscorch\w*\b|\bcarbon monoxide\b|\bshort[- ]circuit\w*\b",
            ),
        ),
        (
            High,
            rule(
                "en.alarm.charged_twice",
                r"\b(?:charged|billed|debited|taken|paid|took)\b.{0,24}?\b(?:twice|two times|double|again)\b|\bdouble[- ](?:charged?|payment|billed)\b|\bcharge-?back\b|\bsection 75\b",
            ),
        ),
        (
            High,
            rule(
                "en.alarm.long_wait",
                r"\b(?:[2-9]|[1-9][0-9]|two|three|four|five|six|seven|eight|nine|ten|several|couple of) (?:weeks?|months?)\b(?:.{0,12}?\b(?:late|overdue|and (?:still|counting|no|nothing)|of (?:silence|waiting|nothing)|ago and)\b| now\b| of *$)|\b(?:wait(?:ing|ed)|sat on|sitting on|held|holding|hold|owed?|missing|dragg\w+)\b.{0,24}?\b(?:[2-9]|[1-9][0-9]|two|three|four|five|six|seven|eight|nine|ten|several|a couple of) (?:weeks|months)\b",
            ),
        ),
        (
            High,
            rule(
                "en.alarm.refund_stuck",
                r"\b(?:refund\w*|money)\b.{0,40}?\b(?:weeks|months|(?:1[0-9]|[2-9][0-9]) days)\b|\b(?:weeks|months)\b.{0,30}?\b(?:refund|money back|my money)\b",
            ),
        ),
        (
            High,
            rule(
                "en.alarm.parcel_lost",
                r"\b(?:parcel|package|delivery)\b.{0,12}?\b(?:lost|went missing|gone missing|vanished|stolen)\b|\b(?:says|marked|shows?|showing)\b.{0,10}?\bdelivered\b.{0,30}?\b(?:not|nothing|never|n't|isn't|no (?:sign|parcel))\b",
            ),
        ),
        (
            High,
            rule(
                "en.alarm.repeated",
                r"\bsecond (?:e-?mail|call|message)\b|\b(?:third|fourth|fifth|sixth|seventh|tenth|3rd|4th|5th|6th|nth|umpteenth) (?:\w+ )?(?:e-?mail|time|message|call|attempt|ticket|complaint|chat|replacement|one|request)\b|\b(?:rang|called|emailed|messaged|asked|contacted|written|wrote|chased|phoned|told|explained|complained)\b.{0,20}?\b(?:twice|(?:two|three|four|five|six|seven|eight|ten|several|many|[2-9]|[1-9][0-9]) times)\b|\b(?:been|keep|kept) chasing\b|\bchasing (?:you|this|up)\b|\b(?:again and again|over and over)\b|\bkeep (?:asking|calling|emailing|messaging)\b",
            ),
        ),
        (
            High,
            rule(
                "en.alarm.unanswered",
                r"\bstill (?:no|not|nothing|waiting|haven't|hasn't|never)\b.{0,16}?\b(?:answer\w*|repl\w+|response|heard|refund\w*|resolved|back|word|sorted)\b|\bno(?:body|-one| one)\b.{0,12}?\b(?:repl\w+|answer\w*|respon\w+|called|rang|got back|gets back|phoned|cares|help\w*)\b|\b(?:ignored|ignoring)\b|\bno (?:reply|response|answer)\b|\bradio silence\b|\bnever (?:replied|answered|heard back|got back|called back)\b",
            ),
        ),
        (
            High,
            rule(
                "en.alarm.deadline",
                r"\b(?:wedding|funeral|exam|graduation|flight|fly|flying|moving|move out|holiday|trip|interview|party|leave|leaving|christening|anniversary|birthday|surgery|due)\b.{0,20}?\b(?:today|tonight|tomorrow|tmrw?|this (?:week|weekend)|(?:mon|tues|wednes|thurs|fri|satur|sun)day|in (?:two|three|2|3|a few|a couple of) days)\b|\b(?:today|tonight|tomorrow|this (?:week|weekend|\w+day)|on \w+day|(?:fri|satur|sun|mon)day)\b.{0,16}?\b(?:wedding|funeral|exam|graduation|flight|fly home|interview|christening|birthday|party|moving out|we move|i move)\b|\b(?:need|must|has to|have to)\b.{0,24}?\b(?:by|before) (?:today|tonight|tomorrow|(?:this |next )?(?:week|weekend|mon|tues|wednes|thurs|fri|satur|sun)(?:day)?)\b",
            ),
        ),
    ],
    not_alarms: &[
        r"\bsmok(?:e|ing)[- ](?:free|grey|gray|detector|alarm)\b|\bsmok(?:ed|ing) in my\b|\bwhile smoking\b",
        r"\bbirthday (?:is )?today\b|\bsparks? joy\b",
        r"\b(?:is|are|so|absolute|straight|pure) fire\b",
        r"\b(?:tennis|food|basketball|badminton) court\b",
        r"\bhot flames?\b",
    ],
    human_negation: r"\b(?:not|don't|dont|do not|no need|needn't|never|without|no|won't|wouldn't|didn't|instead of|rather than|than)(?: (?:need|want|wish|have|asking|looking|trying|to|for|me|you|a|an|any|the|be|with|speak|talk|transfer|your|real|actual|another|human|get|even|be|really)){0,6} *$",
    alarm_negation: r"\b(?:not|don't|dont|do not|won't|wont|never|didn't|isn't|wasn't|no|no need|without|wouldn't|no intention of|no plans?|hasn't|haven't)(?: (?:need|want|wish|planning|intend|going|gonna|threatening|trying|looking|to|be|have|of|about|for|a|an|any|the|go|even|really|actually|yet|been|take|taking|get|getting|contact|contacting|call|calling|it|signs? of|with|involve|involving|see|seen|report|reporting|complain|post|posting|you|this)){0,8} *$",
    contrast: r"^[^\n]{0,20}\n? *(?:but|unless|however|though)\b",
};

/// English numerals of an amount: "twenty five" is 25, "a hundred and ten" is 110.
fn number_in_words(text: &str) -> Option<u64> {
    const UNITS: [&str; 12] =
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let (mut total, mut section) = (0u64, 0u64);
    for word in text.split([' ', '-']).filter(|word| !word.is_empty()) {
        match word {
            "and" => {}
            "a" => section += 1,
            "fifteen" => section += 15,
            "hundred" => section = section.max(1) * 100,
            "thousand" => (total, section) = (total + section.max(1) * 1000, 0),
            _ => {
                let unit = UNITS.iter().position(|&unit| unit == word).map(|place| place as u64 + 1);
                let ten = TENS.iter().position(|&ten| ten == word).map(|place| (place as u64 + 2) * 10);
                section += unit.or(ten)?;
            }
        }
    }
    Some(total + section).filter(|&value| value > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerals_have_their_value() {
        for (text, value) in
            [("twelve", 12), ("twenty-five", 25), ("a hundred and ten", 110), ("two thousand", 2000)]
        {
            assert_eq!(number_in_words(text), Some(value), "{text}");
        }
        assert_eq!(number_in_words("couple hundred"), None);
    }
}
