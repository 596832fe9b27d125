//! A user's day of a run: where they stood at its end, and how often their rank changed.

use domain::leaderboard::RankDay;

use super::Record;

impl Record for RankDay {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::leaderboard::{RankDay, Ranked};

    #[test]
    fn golden() {
        let sample = RankDay { end: Some(Ranked { rank: 300, value: 70_000 }), changes: 3 };
        super::super::golden::check("rank_day", &sample);
    }
}
