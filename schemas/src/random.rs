//! Randomness, from the operating system and in one place.

/// So many random bytes.
///
/// # Panics
/// When the operating system has no randomness to give, which leaves nothing safe to do.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
