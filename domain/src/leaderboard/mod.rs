//! Leaderboards without state: which run a day belongs to, what counts, who stands where. (C-LB)
//!
//! Pure functions of a board's dates, of one contribution, of one user's attributes or of two
//! scores. What a board is lives in the catalog, what a user scored in their snapshot; nothing here
//! knows the clock, a ranking or how rankings are kept.

mod contribution;
mod day;
mod group;
mod run;
mod score;
mod settled;
mod window;

pub use contribution::Contribution;
pub use day::{DayEnd, RankDay, RankEvent, Ranked, best_within, history};
pub use group::Group;
pub use run::{Repeat, Run, RunUnit, Runs};
pub use score::{MoveCause, Place, Score, ScoreMove, ScoreRecord, threshold};
pub use settled::{SettledPlace, SettledRank, SettledRun};
pub use window::DailyWindow;
