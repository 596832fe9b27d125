//! A user's score in one run.

use domain::leaderboard::ScoreRecord;

use super::Record;

impl Record for ScoreRecord {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{
        amount::Amount,
        leaderboard::{Group, Score, ScoreRecord},
        time::Timestamp,
    };

    #[test]
    fn golden() {
        let sample = ScoreRecord {
            score: Score {
                value: Amount::parse("12.5").expect("a number"),
                reached: Timestamp::from_millis(1_767_225_600_123),
                order: 70_000,
            },
            group: Some(Group(vec!["London".into(), String::new()])),
        };
        super::super::golden::check("score", &sample);
    }
}
