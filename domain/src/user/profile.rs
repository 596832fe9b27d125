//! What callers tell about a user, and how an update changes it. (C-USER-03 to 18, C-ATTR-07)

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Rejection;
use crate::calendar::Zone;
use crate::catalog::{ATTRIBUTES_MAX, Catalog, Patch};
use crate::ids::AttributeId;
use crate::time::Date;

/// The stored profile of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The address; never kept while unsubscribed. (C-USER-12)
    pub email: Option<String>,
    /// The display name.
    pub name: Option<String>,
    /// The user's zone, if known. (C-USER-08)
    pub time_zone: Option<Zone>,
    /// When they signed up with the caller. (C-USER-18)
    pub sign_up_on: Option<Date>,
    /// Push tokens. (C-USER-16)
    pub device_tokens: Vec<String>,
    /// Whether they may be mailed; true until told otherwise. (C-USER-11)
    pub subscribe_to_emails: bool,
    /// Custom attribute values.
    pub attributes: BTreeMap<AttributeId, String>,
}

impl Default for Profile {
    /// (C-USER-14)
    fn default() -> Self {
        Self {
            email: None,
            name: None,
            time_zone: None,
            sign_up_on: None,
            device_tokens: Vec::new(),
            subscribe_to_emails: true,
            attributes: BTreeMap::new(),
        }
    }
}

/// The fields of a profile that a request passed. An omitted field is left alone; null clears.
/// (C-USER-04, C-USER-07)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfilePatch {
    /// See [`Profile::email`].
    pub email: Patch<String>,
    /// See [`Profile::name`].
    pub name: Patch<String>,
    /// See [`Profile::time_zone`].
    pub time_zone: Patch<Zone>,
    /// See [`Profile::sign_up_on`].
    pub sign_up_on: Patch<Date>,
    /// The full new list; see [`Profile::device_tokens`]. (C-USER-17)
    pub device_tokens: Patch<Vec<String>>,
    /// See [`Profile::subscribe_to_emails`].
    pub subscribe_to_emails: Option<bool>,
    /// Values to set, or `None` to remove. (C-ATTR-07)
    pub attributes: BTreeMap<AttributeId, Option<String>>,
}

impl Profile {
    /// Applies the passed fields. `today` is the user's effective day after the change of zone.
    pub(super) fn apply(&mut self, patch: &ProfilePatch, today: Date) -> Result<(), Rejection> {
        if let Patch::Set(date) = patch.sign_up_on
            && date > today
        {
            return Err(Rejection::SignUpDateInFuture);
        }
        patch.name.clone().apply_to(&mut self.name);
        patch.time_zone.clone().apply_to(&mut self.time_zone);
        patch.sign_up_on.clone().apply_to(&mut self.sign_up_on);
        match &patch.device_tokens {
            Patch::Keep => {}
            Patch::Clear => self.device_tokens.clear(),
            Patch::Set(tokens) => self.device_tokens = distinct(tokens),
        }
        for (attribute, value) in &patch.attributes {
            match value {
                Some(value) => self.attributes.insert(*attribute, value.clone()),
                None => self.attributes.remove(attribute),
            };
        }
        self.apply_subscription(patch)
    }

    /// Refuses more attributes than a user may have. Values of deleted attributes are kept for the
    /// case that one is restored, but nobody can see or remove them, so they don't count.
    /// (C-GEN-14, C-ADM-29)
    pub(super) fn check_attributes(&self, catalog: &Catalog) -> Result<(), Rejection> {
        let live = |id: &&AttributeId| catalog.find_attribute(**id).is_some();
        if self.attributes.len() > ATTRIBUTES_MAX
            && self.attributes.keys().filter(live).count() > ATTRIBUTES_MAX
        {
            return Err(Rejection::TooManyAttributes);
        }
        Ok(())
    }

    /// (C-USER-11 to 14)
    fn apply_subscription(&mut self, patch: &ProfilePatch) -> Result<(), Rejection> {
        self.subscribe_to_emails = patch.subscribe_to_emails.unwrap_or(self.subscribe_to_emails);
        if self.subscribe_to_emails {
            patch.email.clone().apply_to(&mut self.email);
        } else {
            self.email = None;
        }
        if patch.subscribe_to_emails == Some(true) && self.email.is_none() {
            return Err(Rejection::EmailRequired);
        }
        Ok(())
    }
}

/// Drops repeated tokens, keeping the first of each. (C-USER-17)
fn distinct(tokens: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(tokens.len());
    for token in tokens {
        if !kept.contains(token) {
            kept.push(token.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{Profile, ProfilePatch};
    use crate::catalog::Patch;
    use crate::time::Date;
    use crate::user::Rejection;

    fn today() -> Date {
        Date::from_ymd(2026, 1, 5).expect("valid")
    }

    fn patch(email: Patch<String>, subscribe_to_emails: Option<bool>) -> ProfilePatch {
        ProfilePatch { email, subscribe_to_emails, ..ProfilePatch::default() }
    }

    // C-USER-11
    #[test]
    fn subscribing_needs_an_address() {
        let mut profile = Profile::default();
        assert_eq!(
            profile.apply(&patch(Patch::Keep, Some(true)), today()),
            Err(Rejection::EmailRequired)
        );
        assert_eq!(profile.apply(&patch(Patch::Set("a@b".into()), Some(true)), today()), Ok(()));
        assert_eq!(
            profile.apply(&patch(Patch::Clear, Some(true)), today()),
            Err(Rejection::EmailRequired)
        );
    }

    // C-USER-12 C-USER-13
    #[test]
    fn no_address_is_kept_while_unsubscribed() {
        let mut profile = Profile { email: Some("a@b".into()), ..Profile::default() };
        profile.apply(&patch(Patch::Keep, Some(false)), today()).expect("allowed");
        assert_eq!(profile.email, None);
        profile.apply(&patch(Patch::Set("a@b".into()), None), today()).expect("allowed");
        assert_eq!((profile.email, profile.subscribe_to_emails), (None, false));
    }

    // C-USER-17
    #[test]
    fn device_tokens_are_replaced_without_repeats() {
        let mut profile = Profile { device_tokens: vec!["old".into()], ..Profile::default() };
        let tokens = Patch::Set(vec!["b".into(), "a".into(), "b".into()]);
        profile
            .apply(&ProfilePatch { device_tokens: tokens, ..ProfilePatch::default() }, today())
            .expect("allowed");
        assert_eq!(profile.device_tokens, ["b", "a"]);
    }
}
