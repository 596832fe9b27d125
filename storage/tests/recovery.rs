//! Opening damaged directories: each kind of damage is an error that says how to go on, never an
//! empty start; what can be made whole from the journal is made whole.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use storage::{Error, Inspection, Kind, Options, Store};

use crate::support::{commit, event, events, options, tempdir};

/// A directory with a checkpoint of 30 events and 10 more in the journal.
fn filled(dir: &tempfile::TempDir) -> Options {
    let options = options(dir);
    let store = Store::open(&options).expect("opens");
    for sequence in 0..40 {
        if sequence == 30 {
            store.checkpoint().expect("checkpoints");
        }
        commit(&store, event(1, sequence)).expect("commits");
    }
    options
}

fn refusal(options: &Options) -> String {
    let error = Store::open(options).err().expect("refused");
    assert!(matches!(error, Error::Unusable { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("to restore"), "{text}");
    text
}

fn whole(options: &Options) {
    let store = Store::open(options).expect("opens");
    assert!(events(&store, 1).into_iter().eq(0..40));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("writable");
    for entry in fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// Puts something else in a directory's place and gives back where the right one is.
fn replace(dir: &Path, with: impl FnOnce(&Path)) -> PathBuf {
    let kept = dir.with_extension("kept");
    fs::rename(dir, &kept).expect("renamed");
    with(dir);
    kept
}

fn put_back(kept: &Path, dir: &Path) {
    if dir.exists() {
        fs::remove_dir_all(dir).expect("removed");
    }
    fs::rename(kept, dir).expect("renamed");
}

fn last_journal_file(options: &Options) -> PathBuf {
    let files = fs::read_dir(options.dir.join("journal")).expect("readable");
    let paths = files.map(|entry| entry.expect("readable").path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "raftlog"))
        .max()
        .expect("a file")
}

#[test]
fn a_tree_that_lost_rows_is_refused() {
    let dir = tempdir();
    let options = filled(&dir);
    let tree = options.dir.join("sled");

    let kept = replace(&tree, |_| {});
    assert!(refusal(&options).contains("missing"));
    put_back(&kept, &tree);

    let kept = replace(&tree, |tree| fs::create_dir(tree).expect("created"));
    assert!(refusal(&options).contains("empty"));
    put_back(&kept, &tree);
    whole(&options);
}

#[test]
fn a_tree_older_than_its_marker_is_refused() {
    let dir = tempdir();
    let options = filled(&dir);
    let tree = options.dir.join("sled");
    let older = dir.path().join("older");
    copy(&tree, &older);
    let store = Store::open(&options).expect("opens");
    store.checkpoint().expect("checkpoints");
    drop(store);
    let kept = replace(&tree, |tree| copy(&older, tree));
    let text = refusal(&options);
    assert!(text.contains("at checkpoint 1, but 2"), "{text}");
    put_back(&kept, &tree);
    whole(&options);
}

#[test]
fn a_journal_that_goes_on_behind_a_gap_is_refused() {
    let dir = tempdir();
    let options = Options { journal_file_bytes: 16 << 10, ..filled(&dir) };
    let older = dir.path().join("older");
    copy(&options.dir, &older);
    let store = Store::open(&options).expect("opens");
    for sequence in 40..400 {
        commit(&store, event(1, sequence)).expect("commits");
    }
    store.checkpoint().expect("checkpoints");
    commit(&store, event(1, 400)).expect("commits");
    drop(store);
    // The tree and the marker from the backup, the journal from now.
    for part in ["sled", "MARKER"] {
        let path = options.dir.join(part);
        if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }
            .expect("removed");
    }
    copy(&older.join("sled"), &options.dir.join("sled"));
    fs::copy(older.join("MARKER"), options.dir.join("MARKER")).expect("copied");
    let text = refusal(&options);
    assert!(text.contains("but the tree ends at"), "{text}");
}

#[test]
fn an_unusable_tree_is_set_aside() {
    let dir = tempdir();
    let options = filled(&dir);
    let tree = options.dir.join("sled");
    let backup = dir.path().join("backup");
    copy(&tree, &backup);
    fs::write(tree.join("conf"), "no settings at all").expect("written");
    let text = refusal(&options);
    assert!(text.contains("sled.unusable-1"), "{text}");
    assert!(options.dir.join("sled.unusable-1").is_dir());
    assert!(refusal(&options).contains("missing"), "the next start doesn't begin empty either");
    copy(&backup, &tree);
    whole(&options);
}

#[test]
fn before_the_first_checkpoint_the_journal_has_everything() {
    let dir = tempdir();
    let options = options(&dir);
    let store = Store::open(&options).expect("opens");
    for sequence in 0..40 {
        commit(&store, event(1, sequence)).expect("commits");
    }
    drop(store);
    fs::write(options.dir.join("sled").join("conf"), "no settings at all").expect("written");
    whole(&options);
    assert!(options.dir.join("sled.unusable-1").is_dir());
}

#[test]
fn a_lost_journal_is_refused() {
    let dir = tempdir();
    let options = filled(&dir);
    let journal = options.dir.join("journal");

    let kept = replace(&journal, |_| {});
    assert!(refusal(&options).contains("missing"));
    put_back(&kept, &journal);

    let kept = replace(&journal, |journal| fs::create_dir(journal).expect("created"));
    assert!(refusal(&options).contains("another database"));
    put_back(&kept, &journal);
    whole(&options);
}

#[test]
fn a_lost_or_damaged_marker_is_refused() {
    let dir = tempdir();
    let options = filled(&dir);
    let marker = options.dir.join("MARKER");
    let text = fs::read_to_string(&marker).expect("readable");
    fs::write(&marker, text.replace("checkpoint = 1", "checkpoint = 0")).expect("written");
    assert!(refusal(&options).contains("checksum"));
    fs::remove_file(&marker).expect("removed");
    assert!(refusal(&options).contains("there is none"));
    fs::write(&marker, text).expect("written");
    whole(&options);
}

#[test]
fn a_torn_tail_is_cut_off() {
    let dir = tempdir();
    let options = filled(&dir);
    let file = last_journal_file(&options);
    let mut bytes = fs::read(&file).expect("readable");
    let group = bytes[bytes.len() - 900..].to_vec();
    // Half of a group that was never acknowledged, and the zeros of a file made longer in advance.
    bytes.extend_from_slice(&group[..450]);
    bytes.extend_from_slice(&[0; 5_000]);
    fs::write(&file, bytes).expect("written");
    whole(&options);
}

#[test]
fn damage_in_front_of_acknowledged_groups_is_refused() {
    let dir = tempdir();
    let options = filled(&dir);
    let file = last_journal_file(&options);
    let intact = fs::read(&file).expect("readable");
    // What lies before this was checkpointed and is not read any more.
    for percent in [78, 82, 86, 90, 94] {
        let mut bytes = intact.clone();
        let at = bytes.len() * percent / 100;
        bytes[at..at + 40].fill(0xaa);
        fs::write(&file, &bytes).expect("written");
        refusal(&options);
        // The engine has cut the file: what is refused stays refused until it is restored.
        fs::write(&file, &intact).expect("written");
    }
    whole(&options);
}

#[test]
fn an_inspection_counts_what_is_there_and_finds_damage() {
    let dir = tempdir();
    let options = filled(&dir);
    let inspection = Inspection::open(&options).expect("opens");
    assert_eq!(inspection.journal().batches_beyond_tree, 10);
    assert_eq!(inspection.checkpoints(), 1);
    let counts = inspection.count_rows().expect("readable");
    assert_eq!((counts[&Kind::Event], counts[&Kind::Snapshot]), (40, 1));
    assert_eq!(Store::open(&options).err(), Some(Error::Locked { dir: options.dir.clone() }));
    drop(inspection);
    whole(&options);
    fs::remove_file(options.dir.join("MARKER")).expect("removed");
    assert!(matches!(Inspection::open(&options).err(), Some(Error::Unusable { .. })));
    assert!(Inspection::open(&Options::new(dir.path().join("elsewhere"))).is_err());
}
