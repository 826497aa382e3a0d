//! Payloads by frame type.
