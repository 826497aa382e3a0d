//! The room `h2`.
