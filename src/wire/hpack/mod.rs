//! HPACK (RFC 7541): field blocks read without loss and written representation by representation.
