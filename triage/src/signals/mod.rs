//! What a ticket should say of a message beside its intent: what it names, whether a human is asked for, how urgent it
//! sounds, and its language.
//!
//! Read it in this order:
//!
//! 1. [`Signals::detect`]: all of it, by rules alone; no model, no clock, no network.
//! 2. [`SignalRules`]: the shop's own order numbers and models.
//! 3. `lexicon`: one table of words a language. Another language is another table.
//! 4. `entities`: a module for each kind of thing that a message names.
//!
//! Everything is matched against a [folded](folded::Folded) form of the message, so that a rule is written once for all ways
//! of writing. Every regular expression is compiled once and takes time linear in the message.

mod alarms;
mod entities;
mod entity;
mod folded;
mod human;
mod lexicon;
mod negation;
mod pattern_set;
mod rules;

pub use alarms::Alarm;
pub use entity::{Carrier, Currency, Entity, EntityKind, RuleName};
pub use rules::{SignalRules, SignalSettings};

use serde::{Deserialize, Serialize};
use shopdesk_model::intents::Priority;

use crate::language::{LanguageGuess, guess_language};
use folded::Folded;

/// What rules found in a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signals {
    /// Its language.
    pub language: LanguageGuess,
    /// What it names, in its order; no two overlap.
    pub entities: Vec<Entity>,
    /// The rule by which a human is asked for in so many words; nothing when none is.
    pub human_request: Option<RuleName>,
    /// What makes it more urgent than its intent, the most urgent first.
    pub alarms: Vec<Alarm>,
}

impl Signals {
    /// Finds all of them.
    #[must_use]
    pub fn detect(rules: &SignalRules, text: &str) -> Self {
        let folded = Folded::new(text);
        let clauses = folded.clauses();
        Self {
            language: guess_language(text),
            entities: entities::find(rules, &folded),
            human_request: human::request(&clauses),
            alarms: alarms::find(&clauses),
        }
    }

    /// How soon a human should look at a message whose intent alone has that priority. Alarms only raise it.
    #[must_use]
    pub fn priority(&self, of_intent: Priority) -> Priority {
        self.alarms.iter().map(|alarm| alarm.priority).fold(of_intent, Priority::min)
    }

    /// The alarms that make the message as urgent as it is, if they raise its intent's priority.
    pub fn raised_by(&self, of_intent: Priority) -> impl Iterator<Item = &Alarm> {
        let priority = self.priority(of_intent);
        self.alarms.iter().filter(move |alarm| alarm.priority == priority && priority < of_intent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> SignalRules {
        let models = ["NL-RC40", "NL-AF55"].map(str::to_owned).to_vec();
        SignalRules::new(&SignalSettings { models, ..SignalSettings::default() }).unwrap()
    }

    fn entities(text: &str) -> Vec<(EntityKind, String)> {
        let signals = Signals::detect(&rules(), text);
        signals.entities.into_iter().map(|entity| (entity.kind, entity.text)).collect()
    }

    #[test]
    fn places_are_characters_of_the_message() {
        let text = "訂單　２０２４１１０９８７６５ 退￥1,380";
        let signals = Signals::detect(&rules(), text);
        let characters: Vec<char> = text.chars().collect();
        for entity in &signals.entities {
            assert_eq!(entity.text, characters[entity.start..entity.end].iter().collect::<String>());
        }
        let normalised: Vec<_> = signals.entities.iter().map(|entity| entity.normalised.as_deref()).collect();
        assert_eq!(normalised, [Some("202411098765"), Some("1380")]);
        assert_eq!(signals.entities[1].currency, Some(Currency::Cny));
    }

    #[test]
    fn the_words_beside_tell_orders_from_parcels() {
        use EntityKind::{OrderNumber, WaybillNumber};
        for (text, kind) in [
            ("订单773123456789012", OrderNumber),
            ("快递单号773123456789012", WaybillNumber),
            ("773123456789012", OrderNumber),
            ("order no. 763012345678", OrderNumber),
            ("tracking 763012345678", WaybillNumber),
            ("黑貓單號是 907766554433", WaybillNumber),
        ] {
            assert_eq!(entities(text).first().map(|entity| entity.0), Some(kind), "{text}");
        }
        assert_eq!(entities("身份证110101199003071234"), []);
    }

    #[test]
    fn carriers_are_known_by_form_or_by_name() {
        for (text, carrier) in [
            ("SF1234567890123", Some(Carrier::Sf)),
            ("运单 4312345678901", Some(Carrier::Yunda)),
            ("中通 78912345678901", Some(Carrier::Zto)),
            ("78912345678901 中通说丢了", Some(Carrier::Zto)),
            ("快递单号 203456789012", None),
        ] {
            let signals = Signals::detect(&rules(), text);
            assert_eq!(signals.entities[0].kind, EntityKind::WaybillNumber, "{text}");
            assert_eq!(signals.entities[0].carrier, carrier, "{text}");
        }
    }

    #[test]
    fn phones_are_normalised_with_their_country() {
        for (text, normalised) in [
            ("138 1234 5678", "+8613812345678"),
            ("+86 13812345678", "+8613812345678"),
            ("010-8456 7788", "+861084567788"),
            ("400-820-1234", "4008201234"),
            ("+852 9123 4567", "+85291234567"),
            ("0912-345-678", "+886912345678"),
            ("07700 900456", "+447700900456"),
        ] {
            let signals = Signals::detect(&rules(), text);
            assert_eq!(signals.entities.len(), 1, "{text}");
            assert_eq!(signals.entities[0].normalised.as_deref(), Some(normalised), "{text}");
        }
    }

    #[test]
    fn models_are_found_however_they_are_written() {
        for text in ["NL-RC40", "nl rc40", "NLRC40", "RC40", "ｒｃ４０", "rc-40"] {
            let signals = Signals::detect(&rules(), text);
            assert_eq!(signals.entities[0].normalised.as_deref(), Some("NL-RC40"), "{text}");
        }
        assert_eq!(entities("RC400"), []);
    }

    #[test]
    fn what_is_none_of_them_is_left_alone() {
        for text in ["170/92A", "3楼 2次 220V 15天", "E4", "room 1203", "取件码8-2-3301", "打12315"] {
            assert_eq!(entities(text), [], "{text}");
        }
    }

    #[test]
    fn a_human_is_asked_for_in_so_many_words() {
        let asked = |text| Signals::detect(&rules(), text).human_request.is_some();
        for text in [
            "转人工",
            "找真人",
            "轉接專員",
            "叫你们经理来",
            "human please",
            "can I speak to someone?",
            "not a bot, a person",
            "要不要转人工",
        ] {
            assert!(asked(text), "{text}");
        }
        for text in [
            "人工智能",
            "人工费多少",
            "不用转人工",
            "the agent was rude",
            "your rep told me so",
            "is this made for humans",
            "no need to transfer me to an agent",
        ] {
            assert!(!asked(text), "{text}");
        }
    }

    #[test]
    fn alarms_raise_the_priority_and_never_lower_it() {
        let priority = |text| Signals::detect(&rules(), text).priority(Priority::Normal);
        for text in
            ["我打12315", "see you in court", "冒煙了", "it caught fire", "我不想去法院，但是你们逼我"]
        {
            assert_eq!(priority(text), Priority::Urgent, "{text}");
        }
        for text in ["扣了两笔", "第三次问了", "charged twice", "my wedding is this Saturday"] {
            assert_eq!(priority(text), Priority::High, "{text}");
        }
        for text in ["不会投诉到12315", "I'm not going to sue you", "没有冒烟", "带电池吗", "什么时候发货"]
        {
            assert_eq!(priority(text), Priority::Normal, "{text}");
        }
        let calm = Signals::detect(&rules(), "什么时候发货");
        assert_eq!(calm.priority(Priority::Urgent), Priority::Urgent);
        let threat = Signals::detect(&rules(), "第三次问了，我打12315");
        let raised: Vec<_> = threat.raised_by(Priority::High).map(|alarm| alarm.rule.as_str()).collect();
        assert_eq!(raised, ["zh.alarm.regulator"]);
        assert_eq!(threat.raised_by(Priority::Urgent).count(), 0);
    }

    #[test]
    fn what_is_named_is_not_in_the_debug_form() {
        let signals = Signals::detect(&rules(), "订单202411098765432 电话13812345678");
        let debug = format!("{signals:?}");
        assert!(debug.contains("phone(") && !debug.contains("2024") && !debug.contains("138"), "{debug}");
    }

    #[test]
    fn signals_survive_json() {
        let signals =
            Signals::detect(&rules(), "订单202411098765，中通78912345678901，退¥129，转人工，我打12315");
        let json = serde_json::to_string(&signals).unwrap();
        assert_eq!(serde_json::from_str::<Signals>(&json).unwrap(), signals);
    }

    #[test]
    fn a_pattern_that_cannot_be_run_names_its_key() {
        let settings = SignalSettings { order_number: "(".to_owned(), ..SignalSettings::default() };
        let error = SignalRules::new(&settings).err().unwrap().to_string();
        assert!(error.contains("`signals.order_number`"), "{error}");
    }
}
