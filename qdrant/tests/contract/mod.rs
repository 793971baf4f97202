//! What every index of passages must do, whoever keeps it. A check gets an index that is empty.

mod changes;
mod filters;
mod library;
mod material;
mod order;
mod words;

use shopdesk_kb::{ArticleKey, Index};

pub(crate) use library::a_search_sees_an_article_old_or_new;
pub(crate) use material::{Material, at, texts, unit};

/// Calls a macro with the names of all checks.
macro_rules! for_each_check {
    ($call:ident!($($argument:tt)*)) => {
        $call! {
            $($argument)*
            closest_first,
            at_most_the_limit,
            equal_ones_in_the_order_of_their_keys,
            only_in_these_languages,
            only_while_it_holds,
            only_what_the_reader_may_read,
            not_in_an_excepted_article,
            not_an_excepted_passage,
            not_in_excepted_parts,
            exceptions_add_up,
            put_again_it_is_replaced,
            versions_stand_side_by_side,
            removed_it_is_gone,
            translations_with_one_version_are_apart,
            more_than_fits_one_call,
            model_numbers_are_found_by_their_words,
            rare_words_say_more,
            those_found_by_words_have_their_cosine,
            without_words_nothing_is_found_by_words,
            another_dimension_is_refused,
        }
    };
}
pub(crate) use for_each_check;

macro_rules! list {
    ($($check:ident,)*) => {
        /// All checks, by name.
        pub(crate) const CHECKS: &[(&str, fn(&dyn Index))] = &[$((stringify!($check), $check)),*];
    };
}
pub(crate) use {changes::*, filters::*, order::*, words::*};
for_each_check!(list!());

/// Makes an index empty again.
pub(crate) fn clear(index: &dyn Index) {
    let articles: Vec<ArticleKey> =
        index.articles().expect("it is there").into_iter().map(|(key, _)| key).collect();
    index.remove(&articles).expect("it is there");
    assert_eq!(index.passages().expect("it is there"), 0);
}
