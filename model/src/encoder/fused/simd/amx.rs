//! AMX: tiles of 16 rows of 64 bytes, of which one instruction multiplies two and adds the result up in a third.
//!
//! The compiler has no stable intrinsics for it, so that it is written in assembly here. Tiles keep what they hold from one piece
//! of assembly to the next: nothing that a compiler makes of Rust touches them.

use std::arch::asm;
use std::arch::x86_64::__cpuid_count;

use super::super::kernels::QuantizedBlock;
use super::{Lanes, MatrixSums, WeightStep};

/// Rows of a tile, fours of bytes in a row of it, and columns of a tile of sums.
const TILE: usize = 16;

/// Whether this processor has AMX for bytes, and the system lets this process use it.
pub(super) fn permitted() -> bool {
    // Leaf 7: in EDX, bit 24 is AMX-TILE and bit 25 AMX-INT8. That the system saves tiles when it switches threads is what it
    // says by giving permission.
    let has_all = __cpuid_count(0, 0).eax >= 7 && __cpuid_count(7, 0).edx >> 24 & 0b11 == 0b11;
    has_all && request_tiles()
}

/// Asks for the tiles, whose 8 KiB a Linux process only has to keep when it wants to.
#[cfg(target_os = "linux")]
fn request_tiles() -> bool {
    const ARCH_PRCTL: isize = 158;
    const ARCH_REQ_XCOMP_PERM: usize = 0x1023;
    const XFEATURE_XTILEDATA: usize = 18;
    let result: isize;
    // SAFETY: a system call that touches no memory of ours, and overwrites the registers that are named.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => result,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XFEATURE_XTILEDATA,
            out("rcx") _,
            out("r11") _,
            options(nostack),
        );
    }
    result == 0
}

#[cfg(not(target_os = "linux"))]
fn request_tiles() -> bool {
    false
}

/// One instruction or some, of the processor that has them.
macro_rules! amx {
    ($($asm:tt)*) => {
        // SAFETY: whoever calls the function that this stands in knows that AMX is there and permitted, and that the tiles are
        // configured where they must be; what is read and written lies within the references that the pointers were made of, as
        // that function has checked. All tiles count as overwritten.
        unsafe {
            asm!(
                $($asm)*
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack, preserves_flags),
            )
        }
    };
}

/// What the tiles look like: all eight have all rows and all bytes.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes: [u16; 16],
    rows: [u8; 16],
}

static CONFIGURATION: Configuration = {
    let (mut bytes, mut rows) = ([0; 16], [0; 16]);
    let mut tile = 0;
    while tile < 8 {
        bytes[tile] = 4 * TILE as u16;
        rows[tile] = TILE as u8;
        tile += 1;
    }
    Configuration { palette: 1, start_row: 0, reserved: [0; 14], bytes, rows }
};

/// Makes tiles of the thread's registers.
///
/// # Safety
/// [`permitted`] said yes.
#[inline(always)]
pub(super) unsafe fn configure() {
    amx!("ldtilecfg [{}]", in(reg) &raw const CONFIGURATION,);
}

/// Frees them, so that the system need not keep what they hold.
///
/// # Safety
/// [`permitted`] said yes, and nobody uses this thread's tiles before they are configured again.
#[inline(always)]
pub(super) unsafe fn release() {
    amx!("tilerelease",);
}

/// Sets the sums to zero.
///
/// # Safety
/// [`permitted`] said yes, and the tiles of this thread are configured.
#[inline(always)]
pub(super) unsafe fn clear() {
    amx!("tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3",);
}

/// Bytes from one row of activations to the next, and from one step of the weights to the next.
const ROW: usize = size_of::<QuantizedBlock<u8>>();
const STEP: usize = size_of::<[WeightStep; 2]>();

/// Adds up the products of sixteen rows with 32 columns, over the channels of one tile.
///
/// # Safety
/// [`permitted`] said yes, and the tiles of this thread are configured.
#[inline(always)]
pub(super) unsafe fn multiply_one(
    rows: &[QuantizedBlock<u8>; TILE],
    part: usize,
    weights: &[[WeightStep; 2]; TILE],
) {
    let rows = columns_of(rows, part);
    amx!(
        "tileloadd tmm4, [{rows} + {row}]",
        "tileloadd tmm6, [{weights} + {step}]",
        "tileloadd tmm7, [{weights} + {step} + 64]",
        "tdpbusd tmm0, tmm4, tmm6",
        "tdpbusd tmm1, tmm4, tmm7",
        rows = in(reg) rows,
        weights = in(reg) weights,
        row = in(reg) ROW,
        step = in(reg) STEP,
    );
}

/// The same with 32 rows.
///
/// # Safety
/// [`permitted`] said yes, and the tiles of this thread are configured.
#[inline(always)]
pub(super) unsafe fn multiply_two(
    rows: &[QuantizedBlock<u8>; 2 * TILE],
    part: usize,
    weights: &[[WeightStep; 2]; TILE],
) {
    let first = columns_of(rows, part);
    let second = first.wrapping_add(TILE * ROW);
    amx!(
        "tileloadd tmm4, [{first} + {row}]",
        "tileloadd tmm6, [{weights} + {step}]",
        "tileloadd tmm7, [{weights} + {step} + 64]",
        "tdpbusd tmm0, tmm4, tmm6",
        "tileloadd tmm5, [{second} + {row}]",
        "tdpbusd tmm1, tmm4, tmm7",
        "tdpbusd tmm2, tmm5, tmm6",
        "tdpbusd tmm3, tmm5, tmm7",
        first = in(reg) first,
        second = in(reg) second,
        weights = in(reg) weights,
        row = in(reg) ROW,
        step = in(reg) STEP,
    );
}

/// Where a tile's channels begin in the first row; the pointer may go on through all rows.
#[inline(always)]
fn columns_of(rows: &[QuantizedBlock<u8>], part: usize) -> *const u8 {
    assert!((part + 1) * 4 * TILE <= ROW, "the tile lies within the rows");
    rows.as_ptr().cast::<u8>().wrapping_add(part * 4 * TILE)
}

/// Writes what was added up.
///
/// # Safety
/// [`permitted`] said yes, and the tiles of this thread are configured.
#[inline(always)]
pub(super) unsafe fn store(sums: &mut MatrixSums) {
    let first: *mut [Lanes<i32>; 2] = sums.as_mut_ptr();
    let second = first.wrapping_add(TILE);
    amx!(
        "tilestored [{first} + {row}], tmm0",
        "tilestored [{first} + {row} + 64], tmm1",
        "tilestored [{second} + {row}], tmm2",
        "tilestored [{second} + {row} + 64], tmm3",
        first = in(reg) first,
        second = in(reg) second,
        row = in(reg) size_of::<[Lanes<i32>; 2]>(),
    );
}
