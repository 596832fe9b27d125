//! The part of every day in which activity counts. (C-LB-55 to C-LB-58)
//!
//! A window is judged by what the user's own clock showed, which is stored with each contribution;
//! so clock changes and later moves to another zone need no care here.

use serde::{Deserialize, Serialize};

use crate::time::TimeOfDay;

/// A daily window in local time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyWindow {
    /// From this time on; none from the start of the day.
    pub start: Option<TimeOfDay>,
    /// Before this time; none to the end of the day.
    pub end: Option<TimeOfDay>,
}

impl DailyWindow {
    /// Whether activity at this local time counts. (C-LB-55)
    #[must_use]
    pub fn contains(self, time: TimeOfDay) -> bool {
        self.start.is_none_or(|start| start <= time) && self.end.is_none_or(|end| time < end)
    }
}

#[cfg(test)]
mod tests {
    use super::DailyWindow;
    use crate::time::TimeOfDay;

    // C-LB-55
    #[test]
    fn the_start_counts_and_the_end_does_not() {
        let time = |text| TimeOfDay::parse(text).expect("a time");
        let window = DailyWindow { start: Some(time("09:00")), end: Some(time("17:00")) };
        let inside = |text| window.contains(time(text));
        assert!(!inside("08:59:59") && inside("09:00") && inside("16:59:59") && !inside("17:00"));
        assert!(DailyWindow::default().contains(time("00:00")));
        let late = DailyWindow { end: None, ..window };
        assert!(late.contains(time("23:59:59")) && !late.contains(time("00:00")));
    }
}
