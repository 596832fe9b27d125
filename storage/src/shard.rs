//! Virtual shards: which of a fixed number of shards owns a user's rows.
//!
//! The number is chosen when a database is created and never changes, so the hash must never change
//! either: it is written down here (64-bit FNV-1a and a final mix) and held by golden values.
//! Rows that belong to no user (configuration, API keys, instance facts) live in shard 0.

use std::fmt;

use domain::ids::{LeaderboardId, Scope, UserId};
use domain::time::Date;

/// Shards of a new database.
pub const SHARDS_DEFAULT: u16 = 64;

/// One virtual shard: 0 up to the number of shards, exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(pub u16);

impl ShardId {
    /// The shard of everything that belongs to no user.
    pub const META: Self = Self(0);

    /// The shard that owns a user, out of `shards`.
    ///
    /// FNV-1a over the environment's 16 bytes, the tenant's 16 bytes and the user id's UTF-8 bytes,
    /// then the 64-bit finalizer of `MurmurHash3` (FNV alone leaves the high bits of short ids alike),
    /// then the high half of the product with `shards`.
    ///
    /// # Panics
    /// If `shards` is zero.
    #[must_use]
    pub fn of_user(scope: Scope, user: &UserId, shards: u16) -> Self {
        Self::of(scope, user.as_str().as_bytes(), shards)
    }

    /// The shard that owns what belongs to a run of a leaderboard as a whole: as for a user, with the
    /// leaderboard's 16 bytes and the run's first date as 4 big-endian bytes in the user's place.
    ///
    /// # Panics
    /// If `shards` is zero.
    #[must_use]
    pub fn of_run(scope: Scope, leaderboard: LeaderboardId, run: Date, shards: u16) -> Self {
        let date = run.to_days().to_be_bytes();
        Self::of(scope, &[leaderboard.0.as_bytes().as_slice(), &date].concat(), shards)
    }

    /// The shard that owns what is told of a leaderboard, over all of its runs: as for a user, with the
    /// leaderboard's 16 bytes in the user's place.
    ///
    /// # Panics
    /// If `shards` is zero.
    #[must_use]
    pub fn of_board(scope: Scope, leaderboard: LeaderboardId, shards: u16) -> Self {
        Self::of(scope, leaderboard.0.as_bytes(), shards)
    }

    fn of(scope: Scope, owner: &[u8], shards: u16) -> Self {
        assert!(shards > 0, "a store has at least one shard");
        let hash = [scope.environment.0.as_bytes(), scope.tenant.0.as_bytes(), owner]
            .into_iter()
            .flatten()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
        let scaled = (u128::from(mixed(hash)) * u128::from(shards)) >> 64;
        Self(u16::try_from(scaled).expect("the high half is below `shards`"))
    }

    /// As an index into per-shard arrays.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn mixed(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// How far each shard's stream of batches has been written, applied or forgotten: the position of
/// the last batch, 0 for none. Positions of a shard start at 1 and have no gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Positions(Vec<u64>);

impl Positions {
    /// Nothing written in any of `shards` shards.
    #[must_use]
    pub fn none(shards: u16) -> Self {
        Self(vec![0; usize::from(shards)])
    }

    pub(crate) fn from_vec(positions: Vec<u64>) -> Self {
        Self(positions)
    }

    /// The last position of `shard`.
    ///
    /// # Panics
    /// If the shard doesn't exist.
    #[must_use]
    pub fn at(&self, shard: ShardId) -> u64 {
        self.0[shard.index()]
    }

    /// Records that `shard` has reached `position`.
    ///
    /// # Panics
    /// If the shard doesn't exist.
    pub fn reach(&mut self, shard: ShardId, position: u64) {
        self.0[shard.index()] = position;
    }

    /// All positions, by shard.
    #[must_use]
    pub fn as_slice(&self) -> &[u64] {
        &self.0
    }

    /// Batches counted by these positions.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{EnvironmentId, LeaderboardId, Scope, TenantId, UserId};
    use domain::time::Date;
    use uuid::Uuid;

    use super::ShardId;

    fn shard(environment: u128, tenant: u128, user: &str, shards: u16) -> u16 {
        let scope = Scope {
            environment: EnvironmentId(Uuid::from_u128(environment)),
            tenant: TenantId(Uuid::from_u128(tenant)),
        };
        ShardId::of_user(scope, &UserId::new(user).expect("valid"), shards).0
    }

    /// These values are stored in every database: if this test fails, the hash is wrong, not the test.
    #[test]
    fn the_hash_never_changes() {
        let got: Vec<u16> = ["18", "user-1", "user-2", "é", "a long id with spaces"]
            .into_iter()
            .map(|user| shard(1, 0, user, 64))
            .collect();
        assert_eq!(got, GOLDEN);
        assert_ne!(shard(1, 0, "18", 64), shard(2, 0, "18", 64));
        assert_ne!(shard(1, 0, "18", 64), shard(1, 7, "18", 64));
    }

    #[test]
    fn nor_does_that_of_runs() {
        let scope = Scope::untenanted(EnvironmentId(Uuid::from_u128(1)));
        let board = LeaderboardId(Uuid::from_u128(7));
        let run = |date| Date::parse(date).expect("a date");
        let shard = |date| ShardId::of_run(scope, board, run(date), 64).0;
        assert_eq!(["2026-03-02", "2026-03-09", "1969-12-31"].map(shard), GOLDEN_RUNS);
    }

    #[test]
    fn nor_does_that_of_boards() {
        let scope = Scope::untenanted(EnvironmentId(Uuid::from_u128(1)));
        let shard = |board| ShardId::of_board(scope, LeaderboardId(Uuid::from_u128(board)), 64).0;
        assert_eq!([7, 8, 9].map(shard), GOLDEN_BOARDS);
    }

    const GOLDEN_BOARDS: [u16; 3] = [26, 4, 63];

    const GOLDEN_RUNS: [u16; 3] = [54, 18, 63];

    const GOLDEN: [u16; 5] = [8, 53, 22, 22, 2];

    #[test]
    fn users_spread_evenly() {
        let mut counts = [0_u32; 64];
        for user in 0..64_000 {
            counts[usize::from(shard(1, 0, &user.to_string(), 64))] += 1;
        }
        assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
    }
}
