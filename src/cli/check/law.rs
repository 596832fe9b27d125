//! A law: what must hold, how often it was checked, and where it is broken first.

use std::fmt;

/// One line of the report.
#[derive(Debug)]
pub(super) struct Law {
    statement: &'static str,
    /// What is counted.
    unit: &'static str,
    checked: u64,
    broken: u64,
    first: Option<String>,
}

impl Law {
    pub(super) fn new(statement: &'static str, unit: &'static str) -> Self {
        Self { statement, unit, checked: 0, broken: 0, first: None }
    }

    /// Counts one case; `describe` is asked if it is the first that breaks the law.
    pub(super) fn expect(&mut self, holds: bool, describe: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.broken += 1;
            self.first.get_or_insert_with(describe);
        }
    }

    /// Counts cases that are known to hold.
    pub(super) fn hold_many(&mut self, cases: u64) {
        self.checked += cases;
    }

    pub(super) fn holds(&self) -> bool {
        self.broken == 0
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { statement, unit, checked, broken, first } = self;
        match first {
            None => write!(f, "ok      {statement} ({checked} {unit})"),
            Some(first) => {
                write!(f, "BROKEN  {statement} ({broken} of {checked} {unit}), first: {first}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Law;

    #[test]
    fn a_line_says_how_much_was_checked_and_what_broke_first() {
        let mut law = Law::new("all is well", "cases");
        law.hold_many(2);
        assert_eq!(law.to_string(), "ok      all is well (2 cases)");
        law.expect(false, || "this".to_owned());
        law.expect(false, || "that".to_owned());
        assert!(!law.holds());
        assert_eq!(law.to_string(), "BROKEN  all is well (2 of 4 cases), first: this");
    }
}
