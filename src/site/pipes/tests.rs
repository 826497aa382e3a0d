//! Every rule of pipes.
