//! What holds for every catalog and every file: an export says what the catalog is, and applying is
//! arriving.

use accolade::catalog_file::{CatalogFile, export, parse};
use domain::catalog::Catalog;
use domain::time::Timestamp;
use proptest::prelude::*;

use super::{empty, generated, no_secret, now};

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..1_500)
}

fn read(text: &str) -> CatalogFile {
    parse("export.toml", text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Later than everything that was generated.
fn later() -> Timestamp {
    now().plus_millis(1_000)
}

fn apply(text: &str, catalog: &mut Catalog) -> usize {
    let differences = read(text).apply_to(catalog, later(), &no_secret);
    differences.unwrap_or_else(|error| panic!("{error}\n{text}")).len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_plan_of_an_export_has_no_differences(bytes in bytes()) {
        let catalog = generated::catalog(&bytes);
        let text = export(&catalog);
        let plan = read(&text).plan(&catalog, later(), &no_secret);
        let plan = plan.unwrap_or_else(|error| panic!("{error}\n{text}"));
        prop_assert_eq!(&plan.differences, &[], "{}", text);
        prop_assert_eq!(plan.after, catalog);
    }

    #[test]
    fn an_export_makes_the_same_of_an_empty_catalog(bytes in bytes()) {
        let text = export(&generated::catalog(&bytes));
        let mut copy = empty();
        apply(&text, &mut copy);
        prop_assert_eq!(export(&copy), text);
    }

    // From any catalog to any other, unless a rule forbids it; then nothing changes.
    #[test]
    fn applying_arrives_and_applying_again_changes_nothing(from in bytes(), to in bytes()) {
        let text = export(&generated::catalog(&to));
        let mut catalog = generated::catalog(&from);
        let before = catalog.clone();
        match read(&text).apply_to(&mut catalog, later(), &no_secret) {
            Ok(_) => {
                let arrived = catalog.clone();
                prop_assert_eq!(apply(&text, &mut catalog), 0, "{}", text);
                prop_assert_eq!(catalog, arrived);
            }
            Err(error) => {
                prop_assert!(error.line > 1, "{}\n{}", error, text);
                prop_assert_eq!(catalog, before);
            }
        }
    }

    // Files never make the parser panic, however broken.
    #[test]
    fn broken_files_are_refused(bytes in bytes(), at in any::<prop::sample::Index>(), put in ".{0,3}") {
        let mut text = export(&generated::catalog(&bytes));
        let at = text.floor_char_boundary(at.index(text.len()));
        text.insert_str(at, &put);
        if let Ok(file) = parse("broken.toml", &text) {
            let _ = file.plan(&empty(), later(), &no_secret);
        }
    }
}
