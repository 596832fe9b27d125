//! The types of events that webhooks can subscribe to, named as published. (C-WH-03, C-WH-04)

use serde::{Deserialize, Serialize};

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A type of event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum WebhookEvent {
            $($(#[$doc])* $variant,)*
        }

        impl WebhookEvent {
            /// Every type, in published order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The published name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

events! {
    /// A user completed an achievement. (C-WH-27)
    AchievementCompleted = "achievement.completed",
    /// A run of a leaderboard begins soon. (C-WH-37)
    LeaderboardStarted = "leaderboard.started",
    /// The ranking of an open run changed. (C-WH-45)
    LeaderboardChanged = "leaderboard.changed",
    /// A run of a leaderboard is final. (C-WH-39)
    LeaderboardFinished = "leaderboard.finished",
    /// A user's rank changed. (C-WH-46)
    LeaderboardRankChanged = "leaderboard.rank_changed",
    /// A user was awarded or lost points. (C-WH-33)
    PointsChanged = "points.changed",
    /// A user came to another level. (C-WH-34)
    PointsLevelChanged = "points.level_changed",
    /// A boost begins. (C-WH-35)
    PointsBoostStarted = "points.boost_started",
    /// A boost is over. (C-WH-36)
    PointsBoostFinished = "points.boost_finished",
    /// A streak began. (C-WH-28)
    StreakStarted = "streak.started",
    /// A streak grew. (C-WH-28)
    StreakExtended = "streak.extended",
    /// A streak ended. (C-WH-29)
    StreakLost = "streak.lost",
    /// A freeze saved a streak. (C-WH-29)
    StreakFreezeConsumed = "streak.freeze_consumed",
    /// Freezes were earned or granted. (C-WH-30)
    StreakFreezeEarned = "streak.freeze_earned",
    /// A recap is due; can be subscribed to, is not sent yet. (C-WH-49)
    EmailsRecapDue = "emails.recap_due",
    /// A reactivation is due; can be subscribed to, is not sent yet. (C-WH-49)
    EmailsReactivationDue = "emails.reactivation_due",
    /// A reminder is due; can be subscribed to, is not sent yet. (C-WH-49)
    EmailsStreakReminderDue = "emails.streak_reminder_due",
    /// Congratulations are due; can be subscribed to, is not sent yet. (C-WH-49)
    EmailsAchievementDue = "emails.achievement_due",
}

impl WebhookEvent {
    /// The type with this published name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::WebhookEvent;

    // C-WH-03 C-WH-04
    #[test]
    fn there_are_eighteen_types_and_each_is_found_by_its_name() {
        assert_eq!(WebhookEvent::ALL.len(), 18);
        for event in WebhookEvent::ALL {
            assert_eq!(WebhookEvent::parse(event.as_str()), Some(*event));
        }
        assert_eq!(WebhookEvent::parse("points.Changed"), None);
    }
}
