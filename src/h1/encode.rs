//! The octets of a response, unchecked.

use bytes::{BufMut, Bytes, BytesMut};

/// A chunk: size, `;` and extension if there is one, data. Unchecked: empty data make the last chunk's first line and
/// the end of its trailer section.
pub fn encode_chunk(data: &[u8], extension: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(data.len() + extension.len() + 16);
    put_chunk_line(data.len(), extension, &mut out);
    out.put_slice(data);
    out.put_slice(b"\r\n");
    out.freeze()
}

pub(super) fn put_status_line(status: u16, reason: &[u8], out: &mut BytesMut) {
    out.put_slice(b"HTTP/1.1 ");
    put_decimal(u64::from(status), out);
    out.put_u8(b' ');
    out.put_slice(reason);
    out.put_slice(b"\r\n");
}

pub(super) fn put_field(name: &[u8], value: &[u8], out: &mut BytesMut) {
    out.put_slice(name);
    out.put_slice(b": ");
    out.put_slice(value);
    out.put_slice(b"\r\n");
}

pub(super) fn put_content_length(length: u64, out: &mut BytesMut) {
    out.put_slice(b"content-length: ");
    put_decimal(length, out);
    out.put_slice(b"\r\n");
}

pub(super) fn put_chunk_line(size: usize, extension: &[u8], out: &mut BytesMut) {
    out.put_slice(format!("{size:x}").as_bytes());
    if !extension.is_empty() {
        out.put_u8(b';');
        out.put_slice(extension);
    }
    out.put_slice(b"\r\n");
}

fn put_decimal(mut number: u64, out: &mut BytesMut) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    for slot in digits.iter_mut().rev() {
        *slot = b'0' + u8::try_from(number % 10).unwrap_or(0);
        at -= 1;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.put_slice(digits.get(at..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_and_numbers() {
        assert_eq!(&encode_chunk(&[b'x'; 26], b"a=b")[..], b"1a;a=b\r\nxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n");
        assert_eq!(&encode_chunk(b"", b"")[..], b"0\r\n\r\n");
        let mut out = BytesMut::new();
        for number in [0, 9, 10, u64::MAX] {
            put_content_length(number, &mut out);
        }
        let expected = b"content-length: 0\r\ncontent-length: 9\r\ncontent-length: 10\r\n\
            content-length: 18446744073709551615\r\n";
        assert_eq!(&out[..], expected);
    }
}
