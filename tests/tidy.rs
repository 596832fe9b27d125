//! The structure of the project as a test: who may know what, and which contract lines are proven.
//!
//! A crate can only use what its manifest names, so the direction of dependencies and the walls
//! around the journal, the actor runtime, HTTP and JSON are read from the manifests. Everything else
//! is read from the text of the sources. Each failure says what to do instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// Our crates from the top down: each may use the ones after it and none before it.
const LAYERS: [(&str, &str); 4] =
    [("accolade", ""), ("actors", "actors"), ("storage", "storage"), ("domain", "domain")];

/// Libraries that only one crate may use, and why.
const WALLS: [(&str, &[&str], &str); 3] = [
    ("storage", &["sled", "raft-engine", "bincode"], "bytes on disk are storage's secret"),
    ("actors", &["ractor"], "messages and mailboxes stay behind actors::Engine"),
    ("accolade", &["axum", "serde_json", "tower-http"], "HTTP and JSON names live in src/http"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below `folder` with one of the extensions, in a stable order.
fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("a readable folder").path();
            if is_ours(&path) {
                folders.push(path);
            } else if path.extension().is_some_and(|e| extensions.iter().any(|wanted| e == *wanted))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Whether it is a folder that people write in.
fn is_ours(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let generated = ["target", "node_modules", "data"].contains(&name);
    path.is_dir() && !generated && !name.starts_with('.')
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).expect("inside the project").display().to_string()
}

/// What a crate's manifest names as a dependency, for whatever purpose, platform or other name.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest: Table = read(&root().join(folder).join("Cargo.toml")).parse().expect("TOML");
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let sections = targets.filter_map(|(_, own)| own.as_table()).chain([&manifest]);
    let mut names = BTreeSet::new();
    for section in sections {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, how) in section.get(kind).and_then(Value::as_table).into_iter().flatten() {
                let renamed = how.get("package").and_then(Value::as_str);
                names.insert(renamed.unwrap_or(name).to_owned());
            }
        }
    }
    names
}

#[test]
fn crates_depend_downwards_only() {
    for (place, (name, folder)) in LAYERS.iter().enumerate() {
        let used = dependencies(folder);
        assert!(!used.is_empty(), "{name} must have a readable manifest");
        for (above, _) in &LAYERS[..place] {
            assert!(!used.contains(*above), "{name} must not use {above}: pass what it needs down");
        }
    }
}

#[test]
fn libraries_stay_behind_their_crate() {
    for (owner, libraries, reason) in WALLS {
        for (name, folder) in LAYERS.iter().filter(|(name, _)| *name != owner) {
            let used = dependencies(folder);
            let trespass: Vec<_> =
                libraries.iter().filter(|library| used.contains(**library)).collect();
            assert!(trespass.is_empty(), "{name} must not use {trespass:?}: {reason}");
        }
    }
}

#[test]
fn json_stays_below_http() {
    let http = root().join("src/http");
    let others = files(&root().join("src"), &["rs"]).into_iter().filter(|p| !p.starts_with(&http));
    let knowing: Vec<_> =
        others.filter(|path| read(path).contains("serde_json")).map(|path| shown(&path)).collect();
    assert!(knowing.is_empty(), "JSON is read and written in src/http only, not in {knowing:?}");
}

#[test]
fn every_file_says_what_it_owns() {
    let silent: Vec<_> = files(root(), &["rs"])
        .into_iter()
        .filter(|path| !read(path).starts_with("//! "))
        .map(|path| shown(&path))
        .collect();
    assert!(
        silent.is_empty(),
        "start with a module doc (what it owns, what it must not know, why): {silent:#?}"
    );
}

/// Contract ids (`C-STREAK-08`) in a text, in order of appearance.
fn contract_ids(text: &str) -> Vec<&str> {
    let mut ids = Vec::new();
    for (start, _) in text.match_indices("C-") {
        let embedded = text[..start].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
        let section = length(&text[start + 2..], |c| c.is_ascii_uppercase());
        let after = start + 2 + section;
        let number =
            text[after..].strip_prefix('-').map_or(0, |rest| length(rest, |c| c.is_ascii_digit()));
        if !embedded && section > 0 && number > 0 {
            ids.push(&text[start..after + 1 + number]);
        }
    }
    ids
}

fn length(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn section_of(id: &str) -> &str {
    id.rsplit_once('-').expect("ids end in a number").0
}

fn contract_files() -> Vec<PathBuf> {
    files(&root().join("docs/contract"), &["md"])
}

/// The id of each requirement with the file and line that states it.
fn requirements() -> BTreeMap<String, String> {
    let mut stated = BTreeMap::new();
    for path in contract_files() {
        for (number, line) in read(&path).lines().enumerate() {
            let line = line.strip_prefix("- ").unwrap_or(line);
            let Some(id) = contract_ids(line).first().copied().filter(|id| line.starts_with(id))
            else {
                continue;
            };
            let place = format!("{}:{}", shown(&path), number + 1);
            if let Some(other) = stated.insert(id.to_owned(), place.clone()) {
                panic!("{place}: {id} is already stated in {other}");
            }
        }
    }
    stated
}

/// Sources in which an id may be named.
fn sources() -> Vec<PathBuf> {
    let mut sources = files(root(), &["rs", "py", "js", "mjs", "ts", "toml"]);
    sources.retain(|path| !path.ends_with("tests/tidy.rs"));
    sources
}

/// The part of a source that is test code: all of a file below a `tests` folder, else what follows
/// its `#[cfg(test)]`.
fn test_code<'a>(path: &Path, text: &'a str) -> &'a str {
    let below_tests = path.components().any(|part| part.as_os_str() == "tests");
    let start = if below_tests { Some(0) } else { text.find("#[cfg(test)]") };
    start.map_or("", |start| &text[start..])
}

#[test]
fn the_contract_refers_to_lines_it_has() {
    let stated = requirements();
    for path in contract_files() {
        let text = read(&path);
        // The reading guide shows the form of ids in examples; those must exist as well.
        for id in contract_ids(&text) {
            assert!(stated.contains_key(id), "{}: no line states {id}", shown(&path));
        }
    }
}

/// What is written about the project, the contract left out.
fn documents() -> Vec<PathBuf> {
    let mut documents = files(root(), &["md"]);
    documents.retain(|path| !path.starts_with(root().join("docs/contract")));
    documents
}

#[test]
fn documents_name_files_that_exist() {
    for path in documents() {
        let text = read(&path);
        // Every second piece is between backticks. A path starts with a folder of ours.
        let quoted = text.split('`').skip(1).step_by(2);
        for named in quoted.filter(|word| !word.contains(' ') && !word.starts_with(['/', '.'])) {
            let ours = named.split_once('/').is_some_and(|(top, _)| is_ours(&root().join(top)));
            let exists = root().join(named).exists();
            assert!(!ours || exists, "{}: there is no {named}", shown(&path));
        }
    }
}

#[test]
fn code_and_documents_name_contract_lines_that_exist() {
    let stated = requirements();
    for path in sources().into_iter().chain(documents()) {
        let text = read(&path);
        for id in contract_ids(&text) {
            assert!(stated.contains_key(id), "{}: docs/contract has no {id}", shown(&path));
        }
    }
}

/// How much of the contract tests prove, per section; `SECTION=C-GEN` lists what they don't.
#[test]
#[ignore = "prints a table: make contract"]
fn contract_table() {
    let stated = requirements();
    let named: BTreeSet<String> = sources()
        .iter()
        .flat_map(|path| {
            let text = read(path);
            contract_ids(test_code(path, &text)).into_iter().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let mut sections: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for id in stated.keys() {
        let (proven, lines) = sections.entry(section_of(id)).or_default();
        *lines += 1;
        *proven += usize::from(named.contains(id));
    }
    println!("{:<12} {:>6} {:>6}", "section", "lines", "named");
    for (section, (proven, lines)) in &sections {
        println!("{section:<12} {lines:>6} {proven:>6}");
    }
    let proven: usize = sections.values().map(|(proven, _)| proven).sum();
    println!("{:<12} {:>6} {proven:>6}", "all", stated.len());
    if let Ok(section) = std::env::var("SECTION") {
        let missing =
            stated.iter().filter(|(id, _)| section_of(id) == section && !named.contains(*id));
        missing.for_each(|(id, place)| println!("not named: {id} ({place})"));
    }
}
