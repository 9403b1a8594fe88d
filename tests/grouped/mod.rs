//! Numbers as the documents write them.

/// 12000000 as 12,000,000.
pub fn grouped(digits: &str) -> String {
    let comma = |at: usize| if at > 0 && (digits.len() - at) % 3 == 0 { "," } else { "" };
    digits.char_indices().map(|(at, digit)| format!("{}{digit}", comma(at))).collect()
}
