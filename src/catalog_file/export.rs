//! The text of a catalog file from the description of a catalog.

use std::fmt::Write;

use super::describe::{Object, Place};

const HEAD: &str = "# The catalog of an environment, as `accolade export` found it. \
                    `accolade plan` compares this file\n# with an environment, `accolade apply` \
                    makes an environment what it says.\n";

/// The file.
pub(super) fn write(objects: &[Object]) -> String {
    let mut text = HEAD.to_owned();
    let mut open_table = "";
    for Object { place, fields, .. } in objects {
        // Keys are letters, digits, dashes and underscores, which TOML takes as they are.
        let _ = match place {
            Place::Line { table, key } => {
                if open_table != *table {
                    let _ = writeln!(text, "\n[{table}]");
                }
                open_table = table;
                for (_, name) in fields {
                    let _ = writeln!(text, "{key} = {name}");
                }
                continue;
            }
            Place::Table(path) => writeln!(text, "\n[{path}]"),
            Place::Element { array, .. } => writeln!(text, "\n[[{array}]]"),
        };
        open_table = "";
        for (name, value) in fields {
            let _ = writeln!(text, "{name} = {value}");
        }
    }
    text
}
