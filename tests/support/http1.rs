//! Reads one HTTP/1.1 answer that the end of the connection ends, losing nothing of it.

/// An answer; names and values with one character per octet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// Empty over HTTP/2.
    pub reason: String,
    pub fields: Vec<(String, String)>,
    /// Everything after the head; without its chunked coding, if it has one.
    pub body: Vec<u8>,
    pub is_chunked: bool,
    /// All octets of the connection.
    pub octets: Vec<u8>,
}

impl Answer {
    /// Reads what came on a connection; answers with a 1xx status before it are passed over.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(octets: &[u8]) -> Result<Self, String> {
        let mut rest = octets;
        loop {
            let mut answer = Self { octets: octets.to_vec(), ..Self::default() };
            rest = answer.head(rest)?;
            if (100..200).contains(&answer.status) && answer.status != 101 {
                continue;
            }
            answer.is_chunked = answer.values("transfer-encoding").last().is_some_and(|coding| *coding == "chunked");
            answer.body = if answer.is_chunked { chunks(rest)? } else { rest.to_vec() };
            return Ok(answer);
        }
    }

    /// Takes a status line and the field lines up to the empty line.
    fn head<'a>(&mut self, octets: &'a [u8]) -> Result<&'a [u8], String> {
        let (line, mut rest) = line(octets).ok_or("no status line")?;
        let mut words = line.splitn(3, ' ');
        let (version, code) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if !version.starts_with("HTTP/1.") {
            return Err(format!("not a status line: {line:?}"));
        }
        self.status = code.parse().map_err(|_| format!("no status code in {line:?}"))?;
        self.reason = words.next().unwrap_or_default().to_owned();
        loop {
            let (line, after) = self::line(rest).ok_or("the head does not end")?;
            rest = after;
            if line.is_empty() {
                return Ok(rest);
            }
            let (name, value) = line.split_once(':').ok_or_else(|| format!("no colon in {line:?}"))?;
            self.fields.push((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()));
        }
    }

    /// The values of a field, in order.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let same = self.fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.as_str()).collect()
    }

    /// The first value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values(name).first().copied()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The octets as characters of their own, up to the line's end; and what follows it.
fn line(octets: &[u8]) -> Option<(String, &[u8])> {
    let end = octets.iter().position(|octet| *octet == b'\n')?;
    let line = octets[..end].strip_suffix(b"\r").unwrap_or(&octets[..end]);
    Some((line.iter().map(|octet| char::from(*octet)).collect(), &octets[end + 1..]))
}

/// The chunked coding's content (RFC 9112 §7.1); trailers are dropped, surplus octets are an error.
fn chunks(mut rest: &[u8]) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    loop {
        let (size, after) = line(rest).ok_or("the chunks do not end")?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| format!("{size:?} is no size of a chunk"))?;
        if size == 0 {
            rest = after;
            break;
        }
        let (chunk, after) = after.split_at_checked(size).ok_or("a chunk is cut off")?;
        content.extend_from_slice(chunk);
        rest = after.strip_prefix(b"\r\n").ok_or("a chunk is longer than its size")?;
    }
    loop {
        let (line, after) = line(rest).ok_or("the trailers do not end")?;
        rest = after;
        if line.is_empty() {
            break;
        }
    }
    if rest.is_empty() { Ok(content) } else { Err(format!("{} octets after the last chunk", rest.len())) }
}
