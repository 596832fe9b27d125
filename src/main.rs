//! The `accolade` binary.
fn main() {}
