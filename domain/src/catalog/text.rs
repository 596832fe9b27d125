//! Texts of configured objects, whoever writes them: names, descriptions, URLs of badges, and the
//! keys that are made of names.

use crate::ids::Key;

/// Longest name, in characters. (C-GEN-13)
pub const NAME_CHARS_MAX: usize = 255;

/// Longest description, in characters. (C-GEN-13)
pub const DESCRIPTION_CHARS_MAX: usize = 2000;

/// Longest URL, in characters. (C-ADM-23)
pub const URL_CHARS_MAX: usize = 2048;

/// How much of a base is kept in front of a number, in characters: keys have at most 255.
const NUMBERED_CHARS_MAX: usize = 230;

/// The text as a name, if it can be one. (C-ADM-21)
#[must_use]
pub fn trimmed_name(text: &str) -> Option<String> {
    let name = text.trim();
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.contains('\0');
    fits.then(|| name.to_owned())
}

/// Whether a text can be a description. (C-GEN-13)
#[must_use]
pub fn is_description(text: &str) -> bool {
    text.chars().count() <= DESCRIPTION_CHARS_MAX && !text.contains('\0')
}

/// Whether a text is an absolute http(s) URL of at most 2048 characters. (C-ADM-23)
#[must_use]
pub fn is_image_url(url: &str) -> bool {
    let has_host = |rest: &str| !rest.is_empty() && !rest.starts_with('/');
    let is_absolute =
        ["http://", "https://"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(has_host));
    is_absolute && url.chars().count() <= URL_CHARS_MAX && !url.chars().any(char::is_whitespace)
}

/// A well-formed key made of a name: its ASCII letters and digits in lower case, with dashes
/// between the words.
pub(super) fn key_of_name(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let key = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    if key.is_empty() { "unnamed".to_owned() } else { key }
}

/// A well-formed key, with a number behind it if it is taken.
pub(super) fn free_key(base: &str, is_taken: impl Fn(&str) -> bool) -> Key {
    let numbered = (2_u64..).map(|number| format!("{base:.NUMBERED_CHARS_MAX$}-{number}"));
    let free = std::iter::once(base.to_owned()).chain(numbered).find(|key| !is_taken(key));
    free.and_then(|key| Key::new(&key)).expect("numbers don't run out, and the base is well-formed")
}

#[cfg(test)]
mod tests {
    use super::{free_key, key_of_name};

    #[test]
    fn names_become_keys() {
        for (name, key) in [
            ("500 cards", "500-cards"),
            ("  1,000 Cards! ", "1-000-cards"),
            ("Über alles", "ber-alles"),
            ("\u{1f600}", "unnamed"),
        ] {
            assert_eq!(key_of_name(name), key);
        }
    }

    #[test]
    fn taken_keys_get_a_number() {
        let taken = ["a", "a-2"];
        assert_eq!(free_key("a", |key| taken.contains(&key)).as_str(), "a-3");
        assert_eq!(free_key("b", |key| taken.contains(&key)).as_str(), "b");
        let long = "k".repeat(255);
        assert_eq!(free_key(&long, |key| key == long).as_str().len(), 232);
    }
}
