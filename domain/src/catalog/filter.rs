//! Attribute filters of achievements and triggers. (C-GEN-34, C-ADM-22)

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AttributeKind, Catalog, Invalid};
use crate::ids::AttributeId;

/// Most attributes one user, event or request may carry, or one object be filtered by. (C-GEN-14)
pub const ATTRIBUTES_MAX: usize = 50;

/// Longest value of an attribute, in characters. (C-ATTR-06)
pub const ATTRIBUTE_CHARS_MAX: usize = 255;

/// One attribute must have exactly this value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Filter {
    /// The attribute that is looked at.
    pub attribute: AttributeId,
    /// The value it must have, compared exactly.
    pub value: String,
}

/// Whether all filters match; a missing attribute never does. (C-GEN-34)
pub(crate) fn all_match(filters: &[Filter], attributes: &BTreeMap<AttributeId, String>) -> bool {
    filters.iter().all(|filter| attributes.get(&filter.attribute) == Some(&filter.value))
}

impl Catalog {
    /// Checks filters that a request names: live attributes of the right kind, each once.
    pub(super) fn check_filters(
        &self,
        kind: AttributeKind,
        field: &str,
        filters: Vec<Filter>,
    ) -> Result<Vec<Filter>, Invalid> {
        if filters.len() > ATTRIBUTES_MAX {
            return Err(Invalid::error(format!(
                "{field} must have at most {ATTRIBUTES_MAX} entries"
            )));
        }
        for (i, filter) in filters.iter().enumerate() {
            match self.find_attribute(filter.attribute) {
                Some(attribute) if attribute.kind == kind => {}
                Some(_) => {
                    return Err(Invalid::error(format!(
                        "{field} must name {} attributes",
                        kind.as_str()
                    )));
                }
                None => return Err(Invalid::error("Attribute not found by ID")),
            }
            if filters[..i].iter().any(|earlier| earlier.attribute == filter.attribute) {
                return Err(Invalid::error(format!("{field} must name each attribute once")));
            }
            if filter.value.chars().count() > ATTRIBUTE_CHARS_MAX {
                return Err(Invalid::error(format!(
                    "attributeValue must have at most {ATTRIBUTE_CHARS_MAX} characters"
                )));
            }
        }
        Ok(filters)
    }

    /// Whether a live object filters by this attribute. (C-ATTR-12)
    pub(super) fn is_filtered_by(&self, attribute: AttributeId) -> bool {
        let achievements = self.live_achievements().flat_map(|achievement| {
            achievement.user_filters().iter().chain(achievement.event_filters())
        });
        let triggers = self
            .live_points_systems()
            .flat_map(|system| system.live_triggers())
            .flat_map(|trigger| trigger.user_filters.iter().chain(trigger.event_filters()));
        let boosts = self
            .live_points_systems()
            .flat_map(|system| system.live_boosts())
            .flat_map(|(_, terms)| &terms.user_filters);
        achievements.chain(triggers).chain(boosts).any(|filter| filter.attribute == attribute)
    }
}
