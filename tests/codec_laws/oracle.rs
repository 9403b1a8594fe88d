//! What RFC 8949 says of any bytes, with no thought for time or memory.

use nodewire::codec::MalformedKind;
use nodewire::codec::leios::MESSAGE_DEPTH;

/// The check of RFC 8949, appendix C, as it stands there: recursive, and with the whole item at
/// hand. The end of the item, or what is wrong; `Ok(End::Open)` if bytes are missing.
pub fn well_formed(bytes: &[u8], depth: u32) -> Result<End, MalformedKind> {
    let Some(&initial) = bytes.first() else { return Ok(End::Open) };
    let (major, info) = (initial >> 5, initial & 31);
    let width = match info {
        0..=23 | 31 => 0,
        24..=27 => 1 << (info - 24),
        _ => return Err(MalformedKind::NotWellFormed),
    };
    if info == 31 && matches!(major, 0 | 1 | 6 | 7) {
        return Err(MalformedKind::NotWellFormed);
    }
    let Some(argument) = bytes.get(1..1 + width) else { return Ok(End::Open) };
    let value = match info {
        0..=23 => u64::from(info),
        _ => argument.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)),
    };
    let head = 1 + width;
    if major == 7 {
        return if info == 24 && value < 32 {
            Err(MalformedKind::NotWellFormed)
        } else {
            Ok(End::At(head))
        };
    }
    if major < 2 {
        return Ok(End::At(head));
    }
    if info == 31 {
        return indefinite(major, bytes, depth);
    }
    if major < 4 {
        let Ok(length) = usize::try_from(value) else { return Err(MalformedKind::TooLarge) };
        let Some(end) = head.checked_add(length) else { return Err(MalformedKind::TooLarge) };
        return Ok(if end <= bytes.len() { End::At(end) } else { End::Open });
    }
    let count = match major {
        4 => value,
        5 => value.checked_mul(2).ok_or(MalformedKind::TooLarge)?,
        _ => 1,
    };
    if count > (usize::MAX - head) as u64 {
        return Err(MalformedKind::TooLarge);
    }
    if count > 0 && depth >= MESSAGE_DEPTH {
        return Err(MalformedKind::TooDeep);
    }
    let mut at = head;
    for _ in 0..count {
        match well_formed(&bytes[at..], depth + 1)? {
            End::At(end) => at += end,
            End::Open => return Ok(End::Open),
        }
    }
    Ok(End::At(at))
}

fn indefinite(major: u8, bytes: &[u8], depth: u32) -> Result<End, MalformedKind> {
    if depth >= MESSAGE_DEPTH {
        return Err(MalformedKind::TooDeep);
    }
    let mut at = 1;
    let mut items = 0;
    loop {
        match bytes.get(at) {
            None => return Ok(End::Open),
            Some(0xff) if major == 5 && items % 2 == 1 => {
                return Err(MalformedKind::NotWellFormed);
            }
            Some(0xff) => return Ok(End::At(at + 1)),
            Some(chunk) if major < 4 && (chunk >> 5 != major || chunk & 31 == 31) => {
                return Err(MalformedKind::NotWellFormed);
            }
            Some(_) => {}
        }
        items += 1;
        match well_formed(&bytes[at..], depth + 1)? {
            End::At(end) => at += end,
            End::Open => return Ok(End::Open),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    At(usize),
    Open,
}

impl From<End> for Option<usize> {
    fn from(end: End) -> Self {
        match end {
            End::At(at) => Some(at),
            End::Open => None,
        }
    }
}
