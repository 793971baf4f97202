//! Products of vectors of integers with many rows: what classifying and searching do for every message with all that they know.
//!
//! Compilers turn a loop over such products into code that is several times slower than what the processor can do, so that on x86 with
//! AVX2 or AVX-512 the instruction is named here: it multiplies pairs of sixteen bits and adds neighbours up. Elsewhere the loop has to do.

use pulp::{Arch, Simd, WithSimd};

/// Rows that go through all vectors before the next ones: they are in the processor's nearest cache meanwhile.
const BLOCK: usize = 16;

/// A number of a row.
pub trait Number: Copy + Into<i32> + Send + Sync + 'static {
    /// Sixteen of them in 16 bits each.
    #[cfg(target_arch = "x86_64")]
    fn widen_sixteen(simd: pulp::x86::V3, numbers: [Self; 16]) -> pulp::i16x16;

    /// Thirty-two of them in 16 bits each.
    #[cfg(target_arch = "x86_64")]
    fn widen_thirty_two(simd: pulp::x86::V4, numbers: [Self; 32]) -> pulp::i16x32;
}

impl Number for i16 {
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn widen_sixteen(_: pulp::x86::V3, numbers: [Self; 16]) -> pulp::i16x16 {
        pulp::cast(numbers)
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn widen_thirty_two(_: pulp::x86::V4, numbers: [Self; 32]) -> pulp::i16x32 {
        pulp::cast(numbers)
    }
}

impl Number for i8 {
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn widen_sixteen(simd: pulp::x86::V3, numbers: [Self; 16]) -> pulp::i16x16 {
        simd.convert_i8x16_to_i16x16(pulp::cast(numbers))
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn widen_thirty_two(simd: pulp::x86::V4, numbers: [Self; 32]) -> pulp::i16x32 {
        simd.convert_i8x32_to_i16x32(pulp::cast(numbers))
    }
}

/// `products[v][r]` becomes the sum of `vectors[v][k] * rows[r][k]` over `k`, as the nearest `f32`. The rows stand one after the other and are
/// as long as each vector.
///
/// No such sum, over any of the `k`, may leave 32 bits, and no number of a vector may be -32768.
///
/// # Panics
/// When the vectors are not equally long, or `products` has not exactly one place for each row and vector; there is no row without numbers.
pub fn multiply<T: Number>(rows: &[T], vectors: &[Vec<i16>], products: &mut [Vec<f32>]) {
    let width = vectors.first().map_or(0, Vec::len);
    assert!(vectors.iter().all(|vector| vector.len() == width), "vectors are equally long");
    assert_eq!(vectors.len(), products.len(), "each vector has its products");
    let count = rows.len().checked_div(width).unwrap_or(0);
    assert!(products.iter().all(|products| products.len() == count), "each row has its product");
    if width == 0 {
        return;
    }
    let product = Product { rows, vectors, width, products };
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = pulp::x86::V4::try_new() {
            return simd.vectorize(tiles::Tiled { simd, product });
        }
        if let Some(simd) = pulp::x86::V3::try_new() {
            return simd.vectorize(tiles::Tiled { simd, product });
        }
    }
    Arch::new().dispatch(product);
}

struct Product<'a, T> {
    rows: &'a [T],
    vectors: &'a [Vec<i16>],
    width: usize,
    products: &'a mut [Vec<f32>],
}

/// As a loop.
impl<T: Number> WithSimd for Product<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (block, rows) in self.rows.chunks(BLOCK * self.width).enumerate() {
            for (vector, products) in self.vectors.iter().zip(&mut *self.products) {
                let products = products[block * BLOCK..].iter_mut();
                for (product, row) in products.zip(rows.chunks_exact(self.width)) {
                    *product = dot(vector, row) as f32;
                }
            }
        }
    }
}

#[inline(always)]
fn dot<T: Number>(vector: &[i16], row: &[T]) -> i32 {
    vector.iter().zip(row).map(|(&a, &b)| i32::from(a) * b.into()).sum()
}

#[cfg(target_arch = "x86_64")]
mod tiles {
    use pulp::x86::{V3, V4};
    use pulp::{NullaryFnOnce, Simd, i16x16, i16x32, i32x8, i32x16};

    use super::{BLOCK, Number, Product, dot};

    /// Vectors that a row is multiplied with at once. Rows are read one after the other, as they come from memory: several at once would take
    /// twice as long when they are in no cache.
    const VECTORS: usize = 4;

    /// What a tile needs of the processor. `PAIRS` numbers of a row are multiplied by one instruction.
    pub(super) trait Instructions<const PAIRS: usize>: Copy {
        /// `PAIRS` numbers of a row in 16 bits each.
        type Widened: Copy;
        /// Sums of neighbouring products.
        type Sums: Copy;

        fn zero(self) -> Self::Sums;
        fn widen<T: Number>(self, numbers: [T; PAIRS]) -> Self::Widened;
        fn add(self, sums: Self::Sums, numbers: Self::Widened, vector: [i16; PAIRS]) -> Self::Sums;
        fn total(self, sums: Self::Sums) -> i32;
    }

    impl Instructions<16> for V3 {
        type Widened = i16x16;
        type Sums = i32x8;

        #[inline(always)]
        fn zero(self) -> i32x8 {
            self.splat_i32x8(0)
        }

        #[inline(always)]
        fn widen<T: Number>(self, numbers: [T; 16]) -> i16x16 {
            T::widen_sixteen(self, numbers)
        }

        #[inline(always)]
        fn add(self, sums: i32x8, numbers: i16x16, vector: [i16; 16]) -> i32x8 {
            let pairs = self.multiply_wrapping_add_adjacent_i16x16(numbers, pulp::cast(vector));
            self.wrapping_add_i32x8(sums, pairs)
        }

        #[inline(always)]
        fn total(self, sums: i32x8) -> i32 {
            let lanes: [i32; 8] = pulp::cast(sums);
            lanes.into_iter().sum()
        }
    }

    impl Instructions<32> for V4 {
        type Widened = i16x32;
        type Sums = i32x16;

        #[inline(always)]
        fn zero(self) -> i32x16 {
            self.splat_i32x16(0)
        }

        #[inline(always)]
        fn widen<T: Number>(self, numbers: [T; 32]) -> i16x32 {
            T::widen_thirty_two(self, numbers)
        }

        #[inline(always)]
        fn add(self, sums: i32x16, numbers: i16x32, vector: [i16; 32]) -> i32x16 {
            let pairs = self.multiply_wrapping_add_adjacent_i16x32(numbers, pulp::cast(vector));
            pulp::cast(self.add_u32s(pulp::cast(sums), pulp::cast(pairs)))
        }

        #[inline(always)]
        fn total(self, sums: i32x16) -> i32 {
            let lanes: [i32; 16] = pulp::cast(sums);
            lanes.into_iter().sum()
        }
    }

    /// With AVX2 or AVX-512.
    pub(super) struct Tiled<'a, I, T> {
        pub(super) simd: I,
        pub(super) product: Product<'a, T>,
    }

    impl<T: Number> NullaryFnOnce for Tiled<'_, V3, T> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            multiply(self.simd, self.product);
        }
    }

    impl<T: Number> NullaryFnOnce for Tiled<'_, V4, T> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            multiply(self.simd, self.product);
        }
    }

    #[inline(always)]
    fn multiply<I: Instructions<PAIRS>, T: Number, const PAIRS: usize>(simd: I, product: Product<'_, T>) {
        let Product { rows, vectors, width, products } = product;
        for (block, rows) in rows.chunks(BLOCK * width).enumerate() {
            for (vectors, products) in vectors.chunks(VECTORS).zip(products.chunks_mut(VECTORS)) {
                let first = block * BLOCK;
                match vectors {
                    [a] => block_of_rows(simd, rows, [a], products, first),
                    [a, b] => block_of_rows(simd, rows, [a, b], products, first),
                    [a, b, c] => block_of_rows(simd, rows, [a, b, c], products, first),
                    [a, b, c, d] => block_of_rows(simd, rows, [a, b, c, d], products, first),
                    _ => unreachable!("chunks have at most as many"),
                }
            }
        }
    }

    /// The products of all `rows` with all `vectors`, from the place `first` on.
    #[inline(always)]
    fn block_of_rows<I: Instructions<PAIRS>, T: Number, const PAIRS: usize, const VECTORS: usize>(
        simd: I,
        rows: &[T],
        vectors: [&[i16]; VECTORS],
        products: &mut [Vec<f32>],
        first: usize,
    ) {
        let width = vectors[0].len();
        let mut of_vectors: [&[[i16; PAIRS]]; VECTORS] = [&[]; VECTORS];
        for (chunks, vector) in of_vectors.iter_mut().zip(vectors) {
            *chunks = vector[..width].as_chunks().0;
        }
        for (number, row) in rows.chunks_exact(width).enumerate() {
            let (chunks, rest) = row.as_chunks();
            let mut sums = [simd.zero(); VECTORS];
            for (place, &numbers) in chunks.iter().enumerate() {
                let numbers = simd.widen(numbers);
                for (sums, vector) in sums.iter_mut().zip(&of_vectors) {
                    *sums = simd.add(*sums, numbers, vector[place]);
                }
            }
            for ((products, sums), vector) in products.iter_mut().zip(sums).zip(vectors) {
                let sum = simd.total(sums) + dot(&vector[width - rest.len()..], rest);
                products[first + number] = sum as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Number>(number: impl Fn(&mut fastrand::Rng) -> T) {
        let mut random = fastrand::Rng::with_seed(5);
        for (rows, width, count) in
            [(1, 1, 1), (3, 15, 2), (4, 16, 3), (21, 40, 5), (37, 384, 4), (0, 8, 2), (5, 8, 0)]
        {
            let vectors: Vec<Vec<i16>> =
                (0..count).map(|_| (0..width).map(|_| random.i16(-2000..2000)).collect()).collect();
            let numbers: Vec<T> = (0..rows * width).map(|_| number(&mut random)).collect();
            let products = |vector: &Vec<i16>| -> Vec<f32> {
                numbers.chunks_exact(width).map(|row| dot(vector, row) as f32).collect()
            };
            let expected: Vec<Vec<f32>> = vectors.iter().map(products).collect();
            let rows = if count == 0 { 0 } else { rows };
            let mut found = vec![vec![f32::NAN; rows]; count];
            multiply(&numbers, &vectors, &mut found);
            assert_eq!(found, expected, "{rows} rows of {width}, {count} vectors");
            let mut found = vec![vec![f32::NAN; rows]; count];
            let product = Product { rows: &numbers, vectors: &vectors, width, products: &mut found };
            product.with_simd(pulp::Scalar::new());
            assert_eq!(found, expected, "{rows} rows of {width}, {count} vectors, as a loop");
            #[cfg(target_arch = "x86_64")]
            if let (Some(simd), 1..) = (pulp::x86::V3::try_new(), width) {
                let mut found = vec![vec![f32::NAN; rows]; count];
                let product = Product { rows: &numbers, vectors: &vectors, width, products: &mut found };
                simd.vectorize(tiles::Tiled { simd, product });
                assert_eq!(found, expected, "{rows} rows of {width}, {count} vectors, with AVX2");
            }
        }
    }

    #[test]
    fn every_row_is_multiplied_with_every_vector() {
        check(|random| random.i16(-2000..2000));
        check(|random| random.i8(..));
    }

    #[test]
    fn sums_reach_to_the_end_of_32_bits() {
        let (row, vector) = (vec![-32_000_i16; 2], vec![vec![-32_000_i16; 2]]);
        let mut products = vec![vec![0.0]];
        multiply(&row, &vector, &mut products);
        assert_eq!(products, [[2.048e9]]);
    }
}
