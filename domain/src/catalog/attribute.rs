//! Custom attributes of users and events. (C-ATTR)

use serde::{Deserialize, Serialize};

use super::{Catalog, Invalid, parse_key};
use crate::ids::{AttributeId, Key};
use crate::time::Timestamp;

/// What an attribute describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AttributeKind {
    /// A property of a user.
    User,
    /// A property of an event.
    Event,
}

impl AttributeKind {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Event => "event",
        }
    }
}

/// A custom attribute; its values are texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its id.
    pub id: AttributeId,
    /// What it describes; fixed. (C-ATTR-01)
    pub kind: AttributeKind,
    /// Its key, unique per kind; fixed. (C-ATTR-01)
    pub key: Key,
    /// Its display name.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Whether it was deleted.
    pub archived: bool,
}

/// A new attribute as a request describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeDraft {
    /// Display name, already checked for length.
    pub name: String,
    /// The wanted key.
    pub key: String,
    /// What it describes.
    pub kind: AttributeKind,
}

/// Changes to an attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributePatch {
    /// A new display name.
    pub name: Option<String>,
}

const NOT_FOUND: &str = "Attribute not found by ID";
const KEY_TAKEN: &str = "Key already in use by another attribute of this type";

impl Catalog {
    /// Creates an attribute. (C-ATTR-01, C-ADM-27)
    ///
    /// # Errors
    /// If the key is malformed or taken.
    pub fn create_attribute(
        &mut self,
        draft: AttributeDraft,
        now: Timestamp,
    ) -> Result<&Attribute, Invalid> {
        let key = parse_key(&draft.key)?;
        if self.find_attribute_by_key(draft.kind, key.as_str()).is_some() {
            return Err(Invalid::error(KEY_TAKEN));
        }
        let id = AttributeId(self.next_id("attribute"));
        Ok(self.attributes.push_mut(Attribute {
            id,
            kind: draft.kind,
            key,
            name: draft.name,
            created_at: now,
            archived: false,
        }))
    }

    /// Renames an attribute. (C-ATTR-14)
    ///
    /// # Errors
    /// If there is no such attribute.
    pub fn update_attribute(
        &mut self,
        id: AttributeId,
        patch: AttributePatch,
    ) -> Result<&Attribute, Invalid> {
        let attribute = self.live_attribute_mut(id)?;
        if let Some(name) = patch.name {
            attribute.name = name;
        }
        Ok(attribute)
    }

    /// Archives an attribute. (C-ATTR-12)
    ///
    /// # Errors
    /// If there is no such attribute, a live object filters by it, or a leaderboard that isn't
    /// finished is split by it. (C-LB-83)
    pub fn delete_attribute(&mut self, id: AttributeId, now: Timestamp) -> Result<(), Invalid> {
        let in_use = self.is_filtered_by(id) || self.has_leaderboard_using(id, now);
        let attribute = self.live_attribute_mut(id)?;
        if in_use {
            return Err(Invalid::error("Attribute is in use"));
        }
        attribute.archived = true;
        Ok(())
    }

    /// Brings a deleted attribute back. (C-ADM-106)
    pub(super) fn restore_attribute(&mut self, id: AttributeId) -> Result<(), Invalid> {
        let place = self.attributes.iter().position(|own| own.id == id && own.archived);
        let place = place.ok_or_else(|| Invalid::error(NOT_FOUND))?;
        let Attribute { kind, key, .. } = &self.attributes[place];
        if self.find_attribute_by_key(*kind, key.as_str()).is_some() {
            return Err(Invalid::error(KEY_TAKEN));
        }
        self.attributes[place].archived = false;
        Ok(())
    }

    fn live_attribute_mut(&mut self, id: AttributeId) -> Result<&mut Attribute, Invalid> {
        self.attributes
            .iter_mut()
            .find(|attribute| attribute.id == id && !attribute.archived)
            .ok_or_else(|| Invalid::error(NOT_FOUND))
    }
}
