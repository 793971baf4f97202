//! What a message names: numbers, amounts, dates, models.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Something that a message names, and where. Its `Debug` form leaves out what the shopper wrote, which must not be in a
/// log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// Its first character, counted from 0 in Unicode scalar values of the message (not bytes, not UTF-16 units).
    pub start: usize,
    /// The character after its last, counted the same way.
    pub end: usize,
    /// As the shopper wrote it.
    pub text: String,
    /// In the one form that a program compares, where the text alone gives it: numbers without spaces and with capital
    /// letters, phones with `+` and the country's code where the form tells the country, e-mail in small letters, amounts
    /// as decimals, dates as `2024-11-03`, models as the shop's settings write them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalised: Option<String>,
    /// Who carries the parcel of a waybill number, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Carrier>,
    /// What an amount is in, where that is known: `$` alone or 元 in traditional characters may be several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The rule that found it.
    pub rule: RuleName,
}

impl fmt::Debug for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, start, end, rule, .. } = self;
        write!(f, "{}({start}..{end}, {rule})", kind.as_str())
    }
}

/// What a message can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// A number of one of the shop's orders.
    OrderNumber,
    /// A carrier's number of a parcel.
    WaybillNumber,
    /// A telephone number.
    Phone,
    /// An address of e-mail.
    Email,
    /// A sum of money.
    Amount,
    /// A day, as the shopper says it.
    Date,
    /// One of the shop's products, by its model.
    ProductModel,
}

impl EntityKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OrderNumber,
        Self::WaybillNumber,
        Self::Phone,
        Self::Email,
        Self::Amount,
        Self::Date,
        Self::ProductModel,
    ];

    /// The word used in data, JSON and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderNumber => "order_number",
            Self::WaybillNumber => "waybill_number",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Amount => "amount",
            Self::Date => "date",
            Self::ProductModel => "product_model",
        }
    }
}

/// Who carries a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Carrier {
    /// SF Express, 顺丰.
    Sf,
    /// JD Logistics, 京东物流.
    Jd,
    /// YTO Express, 圆通.
    Yto,
    /// ZTO Express, 中通.
    Zto,
    /// STO Express, 申通.
    Sto,
    /// J&T Express, 极兔.
    Jt,
    /// Yunda Express, 韵达.
    Yunda,
    /// China Post and EMS, 邮政.
    Ems,
    /// United Parcel Service.
    Ups,
    /// DHL.
    Dhl,
    /// T-cat, 黑貓宅急便.
    Tcat,
}

impl Carrier {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Sf,
        Self::Jd,
        Self::Yto,
        Self::Zto,
        Self::Sto,
        Self::Jt,
        Self::Yunda,
        Self::Ems,
        Self::Ups,
        Self::Dhl,
        Self::Tcat,
    ];

    /// The word used in data, JSON and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sf => "sf",
            Self::Jd => "jd",
            Self::Yto => "yto",
            Self::Zto => "zto",
            Self::Sto => "sto",
            Self::Jt => "jt",
            Self::Yunda => "yunda",
            Self::Ems => "ems",
            Self::Ups => "ups",
            Self::Dhl => "dhl",
            Self::Tcat => "tcat",
        }
    }
}

/// What an amount is in, by its ISO 4217 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the codes are their own names")]
pub enum Currency {
    Cny,
    Hkd,
    Twd,
    Usd,
    Eur,
    Gbp,
    Sgd,
    Myr,
    Jpy,
}

impl Currency {
    /// All of them.
    pub const ALL: [Self; 9] =
        [Self::Cny, Self::Hkd, Self::Twd, Self::Usd, Self::Eur, Self::Gbp, Self::Sgd, Self::Myr, Self::Jpy];
}

/// The name of a rule, as `waybill.sf` or `zh.human.transfer`: for people who want to know why.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleName(Cow<'static, str>);

impl RuleName {
    pub(super) const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
