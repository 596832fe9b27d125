//! What was told of rankings and runs.

use domain::webhook::{RunTold, ToldGroup, ToldRank};
use serde::{Deserialize, Serialize};

use super::Record;

impl Record for ToldGroup {
    const VERSION: u8 = 1;
}

impl Record for ToldRank {
    const VERSION: u8 = 1;
}

impl Record for RunTold {
    const VERSION: u8 = 1;
}

/// That changes of a board are told: what was last told is in its rows, and what has no row was
/// outside the ranking. The key says it all; the value is only a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenedBoard;

impl Record for ListenedBoard {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{
        leaderboard::Group,
        time::Timestamp,
        webhook::{RankedValue, RunTold, ToldGroup, ToldRank},
    };

    use super::{super::golden::check, ListenedBoard};

    const AT: Timestamp = Timestamp::from_millis(1_767_225_600_123);

    #[test]
    fn golden_told() {
        check("told_group", &ToldGroup { at: Some(AT), digest: 0xcbf2_9ce4_8422_2325 });
        let place = Some(RankedValue { rank: 300, value: -70_000 });
        check("told_rank", &ToldRank { at: Some(AT), place });
        check("run_told", &RunTold::Through(Group(vec!["London".into(), String::new()])));
        check("listened_board", &ListenedBoard);
    }
}
