//! Users: what callers tell about them, and how they are shown. (C-USER, C-ATTR)
//!
//! Reading happens in two steps because their errors come at different places of the contract's
//! order: the shape is checked with the body, attribute keys are resolved once the catalog and the
//! rest of the path are known. (C-EVENT-05)

use std::collections::BTreeMap;

use domain::calendar::Zone;
use domain::catalog::{
    ATTRIBUTE_CHARS_MAX, ATTRIBUTES_MAX, AttributeKind, Catalog, Invalid, Patch,
};
use domain::ids::{AttributeId, UserId};
use domain::time::{Date, Timestamp};
use domain::user::{ProfilePatch, UserState};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::scalar::{At, On};
use crate::http::error::ApiError;
use crate::http::extract::USER_ID_FORM;
use crate::http::json::{Fields, array, boolean, text, text_up_to};

/// Longest user name, in characters. (C-GEN-13)
const NAME_CHARS_MAX: usize = 255;
/// Most device tokens of one user, and the longest of them in characters. (C-USER-17)
const DEVICE_TOKENS_MAX: usize = 100;
const DEVICE_TOKEN_CHARS_MAX: usize = 4096;

/// The fields of a user that a request passed, with attribute keys as they were written.
#[derive(Clone, Debug)]
pub struct UserFields<'a> {
    profile: ProfilePatch,
    attributes: Attributes<'a>,
}

/// Attribute keys and values in the order of the request; null removes a key.
pub type Attributes<'a> = Vec<(&'a str, Option<String>)>;

impl<'a> UserFields<'a> {
    /// Checks the shape of everything but `id`. (C-USER-07 to 18)
    ///
    /// # Errors
    /// Naming the field that is wrong.
    pub fn read(fields: Fields<'a>) -> Result<Self, Invalid> {
        let subscribe = fields.nullable("subscribeToEmails", boolean)?;
        let attributes = match fields.value("attributes") {
            None | Some(Value::Null) => Attributes::new(),
            Some(value) => attributes(value)?,
        };
        let profile = ProfilePatch {
            email: fields.nullable("email", email)?,
            name: fields.nullable("name", name)?,
            time_zone: fields.nullable("tz", time_zone)?,
            sign_up_on: fields.nullable("signUpDate", sign_up_date)?,
            device_tokens: fields.nullable("deviceTokens", device_tokens)?,
            subscribe_to_emails: match subscribe {
                Patch::Set(subscribe) => Some(subscribe),
                Patch::Keep | Patch::Clear => None,
            },
            attributes: BTreeMap::new(),
        };
        Ok(Self { profile, attributes })
    }

    /// The profile with attribute keys resolved. (C-ATTR-02 to 04)
    ///
    /// # Errors
    /// 422 naming all unknown keys.
    pub fn resolve(
        self,
        catalog: &Catalog,
        console_base_url: &str,
    ) -> Result<ProfilePatch, ApiError> {
        let attributes = resolve(self.attributes, AttributeKind::User, catalog, console_base_url)?;
        Ok(ProfilePatch { attributes: attributes.into_iter().collect(), ..self.profile })
    }
}

/// Reads the required `id`, called `name` in messages. (C-USER-01, C-USER-02)
///
/// # Errors
/// If it is missing or can't be a user's id.
pub fn user_id(fields: Fields<'_>, name: &str) -> Result<UserId, Invalid> {
    let id = fields.value("id").ok_or_else(|| Invalid::error(format!("{name} is required")))?;
    UserId::new(text(id, name)?).ok_or_else(|| Invalid::error(USER_ID_FORM))
}

/// Reads an object of attribute values. (C-ATTR-05 to 07)
///
/// # Errors
/// If it isn't an object of texts and nulls, or too large.
pub fn attributes(value: &Value) -> Result<Attributes<'_>, Invalid> {
    let mut attributes = Attributes::new();
    for (key, value) in Fields::of(value, "attributes")?.entries() {
        if attributes.len() == ATTRIBUTES_MAX {
            return Err(Invalid::error(format!(
                "attributes must have at most {ATTRIBUTES_MAX} entries"
            )));
        }
        let text = text_up_to(ATTRIBUTE_CHARS_MAX);
        let value =
            (!value.is_null()).then(|| text(value, &format!("attributes.{key}"))).transpose()?;
        attributes.push((key, value));
    }
    Ok(attributes)
}

/// Finds the attributes that the keys name.
///
/// # Errors
/// 422 naming all unknown keys in the order of the request. (C-ATTR-03, C-ATTR-04)
pub fn resolve<T>(
    attributes: Vec<(&str, T)>,
    kind: AttributeKind,
    catalog: &Catalog,
    console_base_url: &str,
) -> Result<Vec<(AttributeId, T)>, ApiError> {
    let mut unknown = Vec::new();
    let mut known = Vec::with_capacity(attributes.len());
    for (key, value) in attributes {
        match catalog.find_attribute_by_key(kind, key) {
            Some(attribute) => known.push((attribute.id, value)),
            None => unknown.push(key),
        }
    }
    if unknown.is_empty() {
        return Ok(known);
    }
    let page = match kind {
        AttributeKind::User => "users/attributes",
        AttributeKind::Event => "metrics",
    };
    Err(ApiError::invalid(format!(
        "Invalid attribute keys: {}. Please ensure all attribute keys match those set up at {console_base_url}/{page}.",
        unknown.join(", ")
    )))
}

/// (C-USER-15)
fn email(value: &Value, field: &str) -> Result<String, Invalid> {
    let email = text(value, field)?;
    let well_formed = (3..=320).contains(&email.chars().count())
        && !email.chars().any(char::is_whitespace)
        && matches!(email.split('@').collect::<Vec<_>>()[..], [local, domain] if !local.is_empty() && !domain.is_empty());
    if well_formed {
        Ok(email.to_owned())
    } else {
        Err(Invalid::error(format!("{field} must be an email address")))
    }
}

fn name(value: &Value, field: &str) -> Result<String, Invalid> {
    let name = text(value, field)?;
    if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) {
        return Err(Invalid::error(format!("{field} must have 1 to {NAME_CHARS_MAX} characters")));
    }
    Ok(name.to_owned())
}

/// (C-USER-09)
fn time_zone(value: &Value, field: &str) -> Result<Zone, Invalid> {
    let name = text(value, field)?;
    Zone::parse(name).ok_or_else(|| Invalid::error(format!("Invalid time zone: {name}")))
}

/// A date, or an instant taken as its UTC day. (C-USER-18)
fn sign_up_date(value: &Value, field: &str) -> Result<Date, Invalid> {
    let text = text(value, field)?;
    Date::parse(text)
        .or_else(|| Timestamp::parse(text).map(Timestamp::utc_date))
        .ok_or_else(|| Invalid::error(format!("{field} must be a date (YYYY-MM-DD)")))
}

/// (C-USER-17)
fn device_tokens(value: &Value, field: &str) -> Result<Vec<String>, Invalid> {
    let mut tokens: Vec<String> = Vec::new();
    for token in array(value, field)? {
        let token = text(token, field)?;
        if !(1..=DEVICE_TOKEN_CHARS_MAX).contains(&token.chars().count()) {
            return Err(Invalid::error(format!(
                "{field} must have 1 to {DEVICE_TOKEN_CHARS_MAX} characters each"
            )));
        }
        if tokens.iter().any(|earlier| earlier == token) {
            continue;
        }
        if tokens.len() == DEVICE_TOKENS_MAX {
            return Err(Invalid::error(format!(
                "{field} must have at most {DEVICE_TOKENS_MAX} entries"
            )));
        }
        tokens.push(token.to_owned());
    }
    Ok(tokens)
}

/// A user.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User<'a> {
    id: &'a str,
    #[schema(required)]
    email: Option<&'a str>,
    #[schema(required)]
    name: Option<&'a str>,
    #[schema(required)]
    tz: Option<&'a str>,
    #[schema(required)]
    sign_up_date: Option<On>,
    device_tokens: &'a [String],
    subscribe_to_emails: bool,
    /// Values of the attributes that exist now. (C-USER-27)
    attributes: BTreeMap<&'a str, &'a str>,
    control: bool,
    created: At,
    updated: At,
}

impl<'a> User<'a> {
    /// The user as the catalog lets them be seen.
    pub fn new(state: &'a UserState, catalog: &'a Catalog) -> Self {
        let profile = &state.profile;
        let attributes = profile.attributes.iter().filter_map(|(id, value)| {
            let attribute = catalog.find_attribute(*id)?;
            Some((attribute.key.as_str(), value.as_str()))
        });
        Self {
            id: state.id.as_str(),
            email: profile.email.as_deref(),
            name: profile.name.as_deref(),
            tz: profile.time_zone.map(Zone::name),
            sign_up_date: profile.sign_up_on.map(On),
            device_tokens: &profile.device_tokens,
            subscribe_to_emails: profile.subscribe_to_emails,
            attributes: attributes.collect(),
            control: state.control,
            created: At(state.created_at),
            updated: At(state.updated_at),
        }
    }
}

/// The body of `PUT` and `PATCH /users/{id}`; `null` clears a field. (C-USER-07)
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub struct UpdatedUser {
    email: Option<String>,
    name: Option<String>,
    /// An IANA time zone.
    tz: Option<String>,
    #[schema(format = Date)]
    sign_up_date: Option<String>,
    /// Replaces the stored list.
    device_tokens: Option<Vec<String>>,
    #[schema(nullable = false)]
    subscribe_to_emails: Option<bool>,
    #[schema(nullable = false)]
    attributes: Option<BTreeMap<String, String>>,
}

/// The body of `POST /users`, and the `user` of an event or completion.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub struct UpsertedUser {
    /// The caller's own id of the user.
    #[schema(min_length = 1, max_length = 255)]
    id: String,
    #[serde(flatten)]
    fields: UpdatedUser,
}

#[cfg(test)]
mod tests {
    use domain::catalog::Patch;
    use serde_json::{Value, json};

    use super::UserFields;
    use crate::http::json::Fields;

    fn read(body: &Value) -> Result<UserFields<'_>, String> {
        UserFields::read(Fields::of(body, "user").unwrap()).map_err(|invalid| invalid.message)
    }

    // C-USER-07
    #[test]
    fn null_clears_what_can_be_cleared() {
        let body = json!({"email": null, "name": null, "tz": null, "signUpDate": null, "deviceTokens": null,
                          "subscribeToEmails": null, "attributes": null});
        let fields = read(&body).unwrap();
        assert_eq!(fields.profile.email, Patch::Clear);
        assert_eq!(fields.profile.name, Patch::Clear);
        assert_eq!(fields.profile.time_zone, Patch::Clear);
        assert_eq!(fields.profile.sign_up_on, Patch::Clear);
        assert_eq!(fields.profile.device_tokens, Patch::Clear);
        assert_eq!(fields.profile.subscribe_to_emails, None);
        assert!(fields.attributes.is_empty());
    }

    // C-USER-15
    #[test]
    fn addresses_have_two_parts_and_no_space() {
        for good in ["a@b", "ann@example.com", "ü@ü"] {
            assert!(read(&json!({"email": good})).is_ok(), "{good}");
        }
        for bad in
            ["", "ab", "@b", "a@", "a@b@c", "a b@c", "a@b\n", &format!("{}@b", "a".repeat(319))]
        {
            assert!(read(&json!({"email": bad})).is_err(), "{bad}");
        }
    }

    // C-USER-09
    #[test]
    fn zones_are_named() {
        let fields = read(&json!({"tz": "america/new_york"})).is_ok();
        assert!(fields);
        for bad in ["+02:00", "EDT", "Mars/Olympus", ""] {
            assert_eq!(read(&json!({"tz": bad})).err(), Some(format!("Invalid time zone: {bad}")));
        }
    }

    // C-USER-18
    #[test]
    fn sign_up_instants_are_taken_as_utc_days() {
        let body = json!({"signUpDate": "2026-01-06T23:30:00-02:00"});
        let Patch::Set(date) = read(&body).unwrap().profile.sign_up_on else { panic!("not set") };
        assert_eq!(date.to_string(), "2026-01-07");
        assert!(read(&json!({"signUpDate": "06.01.2026"})).is_err());
    }

    // C-USER-17
    #[test]
    fn device_tokens_are_bounded_after_repeats_are_dropped() {
        let tokens = |count: usize| {
            (0..count).map(|i| i.to_string()).chain(["0".to_owned()]).collect::<Vec<_>>()
        };
        assert!(read(&json!({"deviceTokens": tokens(100)})).is_ok());
        assert!(read(&json!({"deviceTokens": tokens(101)})).is_err());
        for bad in [json!([""]), json!(["t".repeat(4097)]), json!([1]), json!("token")] {
            assert!(read(&json!({"deviceTokens": bad})).is_err());
        }
    }

    // C-ATTR-05 C-ATTR-06 C-GEN-10
    #[test]
    fn attribute_values_are_texts() {
        for good in [json!(""), json!("120"), json!(null), json!("ü".repeat(255))] {
            assert!(read(&json!({"attributes": {"plan": good}})).is_ok());
        }
        for bad in [json!(120), json!(true), json!({}), json!("ü".repeat(256))] {
            assert!(read(&json!({"attributes": {"plan": bad}})).is_err());
        }
        let many: serde_json::Map<_, _> = (0..51).map(|i| (i.to_string(), json!("x"))).collect();
        assert!(read(&json!({"attributes": many})).is_err());
    }
}
