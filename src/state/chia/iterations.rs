//! How many iterations a proof of space needs (`chia.md` 6.5).

use num_bigint::BigUint;

use crate::codec::chia::Bytes32;

/// What the number of iterations depends on, beside the quality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the parameters of the formula")]
pub struct Difficulty {
    /// k of the plot.
    pub plot_size: u8,
    /// The difficulty of the block.
    pub difficulty: u64,
    /// Iterations a second.
    pub ips: u64,
    /// Seconds that any block takes.
    pub min_block_time: u64,
}

/// 0.762 as the original has it: this numerator over 2 to the power of 51.
const PLOT_SIZE_FACTOR: u64 = 1_715_871_458_028_159;

/// Iterations that a proof of this quality needs, exactly; `None` if they are 2 to the power of 64
/// or more, or if k is 0.
#[must_use]
pub fn iterations(quality: Bytes32, of: Difficulty) -> Option<u64> {
    let t = BigUint::from(1_u8) << 256_u32;
    // How far the quality is from the top: it is below t.
    let y = &t - BigUint::from_bytes_be(&quality.0);
    // With x = -y the formula is -floor((x² + 6xt) / (6t + 4x)) = ceil(y (6t - y) / (6t - 4y)).
    let six_t = &t * 6_u8;
    let q = ceil(&y * (&six_t - &y), &(&six_t - &y * 4_u8))?;
    let above = (q * of.difficulty) << (32_u32 + 51);
    let plots = BigUint::from(PLOT_SIZE_FACTOR) * of.plot_size;
    let below = plots << (256_u32.saturating_add(u32::from(of.plot_size)));
    let proof = ceil(above, &below)?;
    let least = BigUint::from(of.min_block_time) * of.ips;
    u64::try_from(proof + least).ok()
}

/// The quotient, rounded up; `None` for a divisor of nothing.
fn ceil(above: BigUint, below: &BigUint) -> Option<BigUint> {
    if *below == BigUint::ZERO {
        return None;
    }
    let rest = &above % below;
    let whole = above / below;
    Some(if rest == BigUint::ZERO { whole } else { whole + 1_u8 })
}
