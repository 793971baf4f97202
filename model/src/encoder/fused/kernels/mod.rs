//! The parts of the network, each compiled for every engine.

/// Does something for each of the first `$count` rows of a tile, a constant up to 12, and is never a loop: only without one
/// do all of the tile's sums stay in registers.
macro_rules! unrolled {
    ($count:expr, |$row:ident| $body:block) => {
        unrolled!(@ $count, $row, $body, 0 1 2 3 4 5 6 7 8 9 10 11)
    };
    (@ $count:expr, $row:ident, $body:block, $($number:literal)*) => {
        $(if $number < $count {
            let $row = $number;
            $body
        })*
    };
}

mod attention;
mod functions;
mod linear;
mod rows;

pub(super) use attention::{Attention, AttentionScratch};
pub(super) use linear::{Activation, Linear, MATRIX_ROWS, PANEL, Panel};
pub(super) use rows::{
    AddAndNormalize, GREATEST_BLOCK, Quantization, Quantize, QuantizedBlock, QuantizedPlace,
};
