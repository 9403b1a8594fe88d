//! A stream cut into pieces is the stream in one piece.

use nodewire::codec::Malformed;
use nodewire::codec::cbor::Scanner;

/// The first 8 bytes say where to cut; the rest is the stream.
pub fn frames(data: &[u8]) {
    let Some((cuts, stream)) = data.split_first_chunk::<8>() else { return };
    let limit = usize::from(u16::from_be_bytes([cuts[6], cuts[7]]));
    let depth = u32::from(cuts[5] % 80);
    let whole = scan([stream], depth, limit);
    let mut pieces = Vec::new();
    let mut rest = stream;
    for &cut in cuts.iter().take(5).cycle().take_while(|_| cuts[..5].iter().any(|&cut| cut > 0)) {
        let (piece, after) = rest.split_at(usize::from(cut).min(rest.len()));
        pieces.push(piece);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    pieces.push(rest);
    assert_eq!(scan(pieces, depth, limit), whole, "cutting changes the items");
    assert_eq!(scan(stream.chunks(1), depth, limit), whole, "single bytes change the items");
}

/// Where the items of a stream end, what is wrong with it, and whether it ends between items.
fn scan<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    depth: u32,
    limit: usize,
) -> (Vec<usize>, Result<usize, Malformed>) {
    let mut scanner = Scanner::new(depth);
    let mut ends = Vec::new();
    let mut at = 0;
    for mut piece in pieces {
        while !piece.is_empty() {
            match scanner.feed(piece, limit) {
                Ok(Some(used)) => {
                    assert!(used > 0 && scanner.is_between_items());
                    at += used;
                    ends.push(at);
                    piece = &piece[used..];
                }
                Ok(None) => {
                    at += piece.len();
                    break;
                }
                Err(malformed) => return (ends, Err(malformed)),
            }
        }
    }
    (ends, Ok(scanner.seen()))
}
