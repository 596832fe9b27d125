//! Which time zone database the users of this instance were last looked at with.

use serde::{Deserialize, Serialize};

use super::Record;

/// The version of a time zone database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneDatabase {
    /// As the database itself names it, such as `2026a`.
    pub version: String,
}

impl Record for ZoneDatabase {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use super::ZoneDatabase;

    #[test]
    fn golden() {
        let sample = ZoneDatabase { version: "2026a".into() };
        super::super::golden::check("zone_database", &sample);
    }
}
