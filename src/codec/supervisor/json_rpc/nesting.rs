//! How deep a text is nested, without parsing it.

/// True if `text` nests arrays and objects deeper than `most`. Exact for well-formed JSON.
pub(super) fn deeper_than(text: &str, most: usize) -> bool {
    let opens = |byte: &&u8| matches!(byte, b'[' | b'{');
    // Nearly every text has fewer brackets than it may be deep, wherever they stand.
    if text.as_bytes().iter().filter(opens).count() <= most {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth = depth.saturating_add(1);
                if depth > most {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}
