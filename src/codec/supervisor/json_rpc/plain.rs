//! Plain texts in one pass: what real clients send, letter by letter, looked at once.
//!
//! A plain text is one request whose strings are printable ASCII without escapes, whose `id` is
//! such a string, a row of digits or `null`, with `method` before `params` and `params` by position.
//! [`Plain`] gives up (`None`) at anything else, at anything wrong, and at any doubt: the text is
//! then read as JSON in general, which alone decides what is refused and why.

use alloc::vec::Vec;

use super::{Id, Request};
use crate::codec::supervisor::call::Served;
use crate::codec::supervisor::hex;
use crate::codec::supervisor::{Call, Hash};

/// Deeper than a plain text is nested: request, params, list.
pub(super) const DEPTH: usize = 3;

/// What is left of a plain text.
pub(in crate::codec::supervisor) struct Plain<'a> {
    rest: &'a [u8],
}

/// Bytes of a hash in a list, with its quotes.
const HASH: usize = 68;

/// The request that a plain text is.
pub(super) fn request(text: &[u8], served: Served) -> Option<Request> {
    let mut plain = Plain { rest: text };
    let (mut version, mut id, mut method, mut call) = (None, None, None, None);
    plain.skip(b'{')?;
    loop {
        let name = plain.string()?;
        plain.skip(b':')?;
        match name {
            "jsonrpc" if version.is_none() => version = Some(plain.string()?),
            "id" if id.is_none() => id = Some(Id::of_token(plain.id()?)?),
            "method" if method.is_none() => method = Some(plain.string()?),
            "params" if call.is_none() => {
                call = Some(Call::read_plain(method?, &mut plain, served)?);
            }
            _ => return None,
        }
        if plain.skip(b',').is_none() {
            break;
        }
    }
    plain.skip(b'}')?;
    plain.space();
    if !plain.rest.is_empty() || version != Some("2.0") {
        return None;
    }
    let call = match call {
        Some(call) => call,
        None => Call::read(method?, None, served).ok()?,
    };
    Some(Request { id, call: Ok(call) })
}

impl<'a> Plain<'a> {
    fn space(&mut self) {
        while let Some((b' ' | b'\t' | b'\r' | b'\n', rest)) = self.rest.split_first() {
            self.rest = rest;
        }
    }

    /// Passes this byte.
    fn byte(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.rest.split_first()?;
        (*first == byte).then(|| self.rest = rest)
    }

    /// Passes white space and this byte.
    pub(in crate::codec::supervisor) fn skip(&mut self, byte: u8) -> Option<()> {
        self.space();
        self.byte(byte)
    }

    /// The bytes up to the first that `ends` picks, which stays.
    fn until(&mut self, ends: impl Fn(u8) -> bool) -> Option<&'a str> {
        let length = self.rest.iter().position(|byte| ends(*byte))?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        core::str::from_utf8(text).ok()
    }

    /// A string, without its quotes.
    pub(in crate::codec::supervisor) fn string(&mut self) -> Option<&'a str> {
        self.skip(b'"')?;
        // A backslash, a control character and what is not ASCII end it too, and are no quote.
        let text =
            self.until(|byte| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\'))?;
        self.byte(b'"').map(|()| text)
    }

    /// The token of an id.
    fn id(&mut self) -> Option<&'a str> {
        self.space();
        match self.rest.first()? {
            b'"' => self.token(Self::string),
            b'n' => self.word("null"),
            _ => self.digits(),
        }
    }

    /// A value that is no list: a string, digits, a truth value, or an object of such.
    pub(in crate::codec::supervisor) fn value(&mut self) -> Option<&'a str> {
        self.space();
        match self.rest.first()? {
            b'{' => self.token(Self::object),
            _ => self.scalar(),
        }
    }

    fn scalar(&mut self) -> Option<&'a str> {
        self.space();
        match self.rest.first()? {
            b'"' => self.token(Self::string),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            _ => self.digits(),
        }
    }

    fn object(&mut self) -> Option<&'a str> {
        self.skip(b'{')?;
        loop {
            self.string()?;
            self.skip(b':')?;
            self.scalar()?;
            if self.skip(b',').is_none() {
                break;
            }
        }
        self.skip(b'}').map(|()| "")
    }

    /// A list of hashes, not more than `most`.
    pub(in crate::codec::supervisor) fn hashes(&mut self, most: usize) -> Option<Vec<Hash>> {
        self.skip(b'[')?;
        if self.skip(b']').is_some() {
            return Some(Vec::new());
        }
        // The text that is there has room for no more.
        let room = self.rest.len().div_ceil(HASH);
        let mut hashes = Vec::with_capacity(room.min(most));
        loop {
            self.space();
            let (text, rest) = self.rest.split_first_chunk::<HASH>()?;
            let [b'"', b'0', b'x', digits @ .., b'"'] = text else { return None };
            if hashes.len() >= most {
                return None;
            }
            hashes.push(Hash(hex::decode::<64, 32>(digits)?));
            self.rest = rest;
            if self.skip(b',').is_none() {
                break;
            }
        }
        self.skip(b']').map(|()| hashes)
    }

    fn word(&mut self, word: &'static str) -> Option<&'a str> {
        self.rest = self.rest.strip_prefix(word.as_bytes())?;
        Some(word)
    }

    /// Digits as JSON has them: without leading zeros. What follows them ends the number, or the
    /// text is not plain.
    fn digits(&mut self) -> Option<&'a str> {
        let text = self.until(|byte| !byte.is_ascii_digit())?;
        let fits = text == "0" || !(text.is_empty() || text.starts_with('0'));
        fits.then_some(text)
    }

    /// The text that `read` reads, as it stands there.
    fn token(&mut self, read: impl Fn(&mut Self) -> Option<&'a str>) -> Option<&'a str> {
        let before = self.rest;
        read(self)?;
        let length = before.len().checked_sub(self.rest.len())?;
        core::str::from_utf8(before.get(..length)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;

    const SERVED: Served =
        Served { extensions: true, dependency_set_v1: true, admin: true, max_access_entries: 2 };

    fn read(method: &str, params: &str) -> Option<Request> {
        let members = format!(r#""id":7,"method":"{method}","params":{params}"#);
        request(format!(r#"{{"jsonrpc":"2.0",{members}}}"#).as_bytes(), SERVED)
    }

    /// Every method as its clients write it, and what the JSON in general makes of it.
    #[test]
    fn what_clients_send_is_plain() {
        let hash = format!("0x{}", "ab".repeat(32));
        let block = format!(r#"{{"hash":"{hash}","number":3}}"#);
        let checked = |entries: &str| format!(r#"[[{entries}],"safe",{{"timestamp":"0x3ec"}}]"#);
        let one = format!(r#""{hash}""#);
        let calls = [
            ("supervisor_checkAccessList", checked("")),
            ("supervisor_checkAccessList", checked(&one)),
            ("supervisor_checkAccessList", checked(&format!("{one}, {one}"))),
            ("supervisor_localUnsafe", r#"["0xa"]"#.into()),
            ("supervisor_crossSafe", r#"["10"]"#.into()),
            ("supervisor_localSafe", r#"["0xA"]"#.into()),
            ("supervisor_finalized", r#"[ "0xa" ]"#.into()),
            ("supervisor_finalizedL1", "[]".into()),
            ("supervisor_crossDerivedToSource", format!(r#"["0xa",{block}]"#)),
            ("supervisor_crossDerivedFrom", format!(r#"["0xa" , {block}]"#)),
            ("supervisor_superRootAtTimestamp", r#"["0x3ec"]"#.into()),
            ("supervisor_syncStatus", "[]".into()),
            ("supervisor_allSafeDerivedAt", format!("[{block}]")),
            ("supervisor_dependencySetV1", "[]".into()),
            ("admin_getFailsafeEnabled", "[]".into()),
            ("admin_setFailsafeEnabled", "[true]".into()),
            ("admin_setFailsafeEnabled", "[false]".into()),
        ];
        for (method, params) in calls {
            let general = Call::read(method, Some(&params), SERVED);
            let plain = read(method, &params);
            let found = plain.map(|request| request.call);
            assert!(general.is_ok(), "{method} {params}: {general:?}");
            assert_eq!(found, Some(general), "{method} {params}");
        }
        assert!(read("supervisor_checkAccessList", &checked(&[&*one; 3].join(","))).is_none());
    }

    /// Ids of every type, members in every order, with and without white space and parameters.
    #[test]
    fn what_clients_write_around_a_call_is_plain() {
        let text = |members: &str| {
            let text = format!(r#"{{{members}"jsonrpc":"2.0","method":"supervisor_syncStatus"}}"#);
            request(text.as_bytes(), SERVED)
        };
        let id = |token: &str| Some(Some(Id::of_token(token)?));
        let found = |members: &str| text(members).map(|request| request.id);
        for token in ["0", "7", "1203", r#""""#, r#""a b""#, "null"] {
            assert_eq!(found(&format!(r#""id":{token},"#)), id(token), "{token}");
            assert_eq!(found(&format!(" \"id\" :\t{token}\r\n, ")), id(token), "{token}");
        }
        assert_eq!(found(""), Some(None), "a notification");
        // The general way is to decide about these.
        for token in ["-1", "1.5", "07", "true", r#""\u0061""#, "[]"] {
            let members: String = format!(r#""id":{token},"#);
            assert_eq!(text(&members), None, "{token}");
        }
    }
}
