//! The final ranking of a run: that it is final, who holds each rank, and where each user ended up.

use domain::leaderboard::{SettledPlace, SettledRank, SettledRun};

use super::Record;

impl Record for SettledRun {
    const VERSION: u8 = 1;
}

impl Record for SettledRank {
    const VERSION: u8 = 1;
}

impl Record for SettledPlace {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{
        amount::Amount,
        ids::UserId,
        leaderboard::{Group, Score, SettledPlace, SettledRank, SettledRun},
        time::Timestamp,
    };

    const AT: Timestamp = Timestamp::from_millis(1_767_225_600_123);

    #[test]
    fn golden_run() {
        let sample = SettledRun { at: AT, seats: 1_000, participants: 70_000 };
        super::super::golden::check("settled_run", &sample);
    }

    #[test]
    fn golden_rank() {
        let value = Amount::parse("12.5").expect("a number");
        let score = Score { value, reached: AT, order: 70_000 };
        let sample = SettledRank::Held { user: UserId::new("18").expect("valid"), score };
        super::super::golden::check("settled_rank", &sample);
        super::super::golden::check("settled_rank_vacant", &SettledRank::Vacant);
    }

    #[test]
    fn golden_place() {
        let sample = SettledPlace { group: Group(vec!["London".into(), String::new()]), rank: 3 };
        super::super::golden::check("settled_place", &sample);
    }
}
