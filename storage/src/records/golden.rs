//! The golden files: bytes of every version of every record, as hexadecimal text.
//!
//! A test calls [`check`] with the record's name and today's sample. The file of today's version
//! must hold exactly the bytes that are written now, and must be read as that sample. Files are
//! never overwritten; a missing one is made with `ACCOLADE_NEW_GOLDEN=1`.

use std::{fmt::Debug, fs, path::PathBuf};

use super::{Record, decode, encode};
use crate::keys::Key;

/// Compares today's version of a record with its golden file.
pub(super) fn check<T: Record + PartialEq + Debug>(name: &str, sample: &T) {
    let path = path(name, T::VERSION);
    let now = encode(sample);
    if !path.exists() && std::env::var_os("ACCOLADE_NEW_GOLDEN").is_some() {
        fs::write(&path, print(&now)).expect("the golden directory is writable");
    }
    let golden = read(name, T::VERSION);
    assert_eq!(
        print(&now),
        print(&golden),
        "the stored form of {name} has changed: give it a new version"
    );
    assert_eq!(&decode::<T>(&Key::instance(name), &golden).expect("golden bytes decode"), sample);
}

/// The bytes of any version.
fn read(name: &str, version: u8) -> Vec<u8> {
    let path = path(name, version);
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("hexadecimal digits");
            u8::from_str_radix(pair, 16).expect("hexadecimal digits")
        })
        .collect()
}

fn path(name: &str, version: u8) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{name}.v{version}.hex"))
}

fn print(bytes: &[u8]) -> String {
    let lines = bytes
        .chunks(32)
        .map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n");
    lines.collect()
}
