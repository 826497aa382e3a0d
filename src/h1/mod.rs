//! The room `h1`.
