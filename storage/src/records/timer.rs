//! That a user has to be settled at an instant. The key says it all; the value is only a version.

use serde::{Deserialize, Serialize};

use super::Record;

/// A timer row's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer;

impl Record for Timer {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use super::Timer;

    #[test]
    fn golden() {
        super::super::golden::check("timer", &Timer);
    }
}
