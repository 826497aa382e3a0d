//! What the fuzz targets `frames` and `hpack` do with their octets. An ordinary test includes this file too.

use bytes::{Bytes, BytesMut};
use wireserve::wire::frame::{Frame, Payload, RawFrame};
use wireserve::wire::hpack::{BlockBuilder, Decoder, Encoder, Entry, Field};

/// Reads frames until the octets end; each view of each frame must give the same octets back.
pub fn frames(octets: &[u8]) {
    let mut buffer = BytesMut::from(octets);
    let mut written = BytesMut::new();
    while let Some(raw) = RawFrame::take(&mut buffer) {
        if let Ok(payload) = Payload::parse(&raw) {
            let mut again = payload.to_raw(raw.header.flags, raw.header.stream_id);
            again.header.reserved = raw.header.reserved;
            assert_eq!(again, raw);
        }
        let parts = Frame::from_raw(&raw);
        assert_eq!(parts.to_raw(), raw);
        written.extend_from_slice(&parts.octets());
    }
    written.extend_from_slice(&buffer);
    assert_eq!(written, octets);
}

/// The first octet says how large the table may be, the second what the next block's length is, and so on.
///
/// What can be decoded must be kept to the octet, be written again by the builder if it has the shortest form, and lead
/// an encoder that observes it to the same table; what an encoder makes of the fields must decode to the same fields.
pub fn hpack(octets: &[u8]) {
    let Some((size, mut rest)) = octets.split_first() else {
        return;
    };
    let table_size = usize::from(*size) * 16;
    let mut decoder = Decoder::new(table_size);
    let mut observer = Encoder::new();
    observer.set_table_limit(table_size);
    observer.set_max_table_size(table_size);
    observer.begin_block(&mut BytesMut::new());
    let (mut encoder, mut second) = (Encoder::new(), Decoder::default());
    while let Some((length, behind)) = rest.split_first() {
        let (block, behind) = behind.split_at(behind.len().min(usize::from(*length)));
        rest = behind;
        let decoded = decoder.decode(Bytes::copy_from_slice(block), usize::MAX);
        let observed = observer.observe(block, |_, _| {});
        let Ok(decoded) = decoded else {
            break;
        };
        assert_eq!(observed, Ok(()));
        assert!(observer.table().eq(decoder.table()));
        let joined: Vec<u8> = decoded.entries.iter().flat_map(|entry| entry.octets().to_vec()).collect();
        assert_eq!(joined, block);
        decoded.entries.iter().for_each(rebuild);

        let mut out = BytesMut::new();
        encoder.encode(decoded.fields().map(|field| (&field.name[..], &field.value[..])), &mut out);
        let again = second.decode(out.freeze(), usize::MAX).expect("what the encoder writes can be decoded");
        let pair = |field: &Field| (field.name.clone(), field.value.clone());
        assert!(decoded.fields().map(pair).eq(again.fields().map(pair)));
        assert!(encoder.table().eq(second.table()));
    }
}

/// Nothing but an over-long integer makes what the builder writes differ, and that makes it shorter.
fn rebuild(entry: &Entry) {
    let mut builder = BlockBuilder::new();
    builder.entry(entry);
    let built = builder.octets();
    assert!(built == entry.octets() || built.len() < entry.octets().len());
}
