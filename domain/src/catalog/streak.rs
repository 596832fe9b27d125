//! Streak settings. (C-STREAK-33 to 36, C-STREAK-69 to 71, C-ADM-85 to 89)

use serde::{Deserialize, Serialize};

use super::{Catalog, Invalid, Patch};
use crate::amount::Amount;
use crate::calendar::Frequency;
use crate::ids::MetricId;
use crate::time::Timestamp;

/// How several metric conditions combine. (C-STREAK-04)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EvaluationMode {
    /// Any condition is enough.
    Or,
    /// All conditions must hold.
    And,
}

impl EvaluationMode {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Or => "OR",
            Self::And => "AND",
        }
    }
}

/// One streak condition: the metric's net change in a period reaches the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreakMetric {
    /// The metric.
    pub metric: MetricId,
    /// The net change to reach, above 0; a whole number in settings of an environment.
    pub threshold: Amount,
}

/// Freezes earned by time. (C-STREAK-41)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoEarn {
    /// Days between grants, 1 to 3650.
    pub interval_days: u32,
    /// Freezes per grant, 1 to 100.
    pub amount: u32,
    /// When auto-earn was enabled or last changed: the anchor of users older than that.
    pub since: Timestamp,
}

/// Freezes save a missed period. (C-STREAK-33)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreezeSettings {
    /// What a new user starts with.
    pub start_count: u32,
    /// The most a user can hold, 1 to 100.
    pub max_count: u32,
    /// Freezes earned by time, if on.
    pub auto_earn: Option<AutoEarn>,
}

/// All streak settings of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreakSettings {
    /// Whether streaks are on. (C-STREAK-14)
    pub enabled: bool,
    /// The period that counts. (C-STREAK-01)
    pub frequency: Frequency,
    /// How conditions combine.
    pub evaluation_mode: EvaluationMode,
    /// Whether users may have settings of their own.
    pub customization_enabled: bool,
    /// Weekdays that need no activity, sorted, 0 is Sunday; daily only. (C-STREAK-51)
    pub days_off: Vec<u8>,
    /// The conditions; empty means any increase of any metric. (C-STREAK-05)
    pub metrics: Vec<StreakMetric>,
    /// Freezes, if on.
    pub freezes: Option<FreezeSettings>,
}

impl Default for StreakSettings {
    /// (C-STREAK-69)
    fn default() -> Self {
        Self {
            enabled: true,
            frequency: Frequency::Daily,
            evaluation_mode: EvaluationMode::Or,
            customization_enabled: false,
            days_off: Vec::new(),
            metrics: Vec::new(),
            freezes: None,
        }
    }
}

/// Freeze settings as a request sends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreezesPatch {
    /// `startCount`.
    pub start_count: i64,
    /// `maxCount`.
    pub max_count: i64,
    /// `autoEarnInterval`.
    pub auto_earn_interval: Option<i64>,
    /// `autoEarnAmount`.
    pub auto_earn_amount: Option<i64>,
}

/// Changes to the streak settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreakSettingsPatch {
    /// `enabled`.
    pub enabled: Option<bool>,
    /// `frequency`.
    pub frequency: Option<Frequency>,
    /// `evaluationMode`.
    pub evaluation_mode: Option<EvaluationMode>,
    /// `customizationEnabled`.
    pub customization_enabled: Option<bool>,
    /// `daysOff`.
    pub days_off: Option<Vec<i64>>,
    /// `metrics`: keys and thresholds.
    pub metrics: Option<Vec<(String, i64)>>,
    /// `freezes`.
    pub freezes: Patch<FreezesPatch>,
}

impl Catalog {
    /// Changes the streak settings, all or nothing. (C-ADM-85)
    ///
    /// # Errors
    /// If the result would break a rule; the message names the field.
    pub fn update_streak_settings(
        &mut self,
        patch: StreakSettingsPatch,
        now: Timestamp,
    ) -> Result<&StreakSettings, Invalid> {
        let mut changed = self.streaks.current().clone();
        if let Some(enabled) = patch.enabled {
            changed.enabled = enabled;
        }
        if let Some(mode) = patch.evaluation_mode {
            changed.evaluation_mode = mode;
        }
        if let Some(enabled) = patch.customization_enabled {
            changed.customization_enabled = enabled;
        }
        if let Some(frequency) = patch.frequency {
            changed.frequency = frequency;
        }
        if changed.frequency != Frequency::Daily {
            changed.days_off.clear();
        }
        if let Some(days) = patch.days_off {
            changed.days_off = check_days_off(changed.frequency, &days)?;
        }
        if let Some(metrics) = patch.metrics {
            changed.metrics = self.check_streak_metrics(metrics)?;
        }
        changed.freezes = match patch.freezes {
            Patch::Keep => changed.freezes,
            Patch::Clear => None,
            Patch::Set(freezes) => Some(check_freezes(freezes, changed.freezes.as_ref(), now)?),
        };
        let before = self.streaks.current();
        if changed != *before {
            let lengths_change =
                (changed.enabled, changed.frequency) != (before.enabled, before.frequency);
            self.streaks.change(now, changed);
            if lengths_change {
                self.recount_streak_leaderboards(now);
            }
        }
        Ok(self.streaks.current())
    }

    /// Keys unique and existing; a threshold of 0 removes the metric. (C-STREAK-70, C-STREAK-71)
    fn check_streak_metrics(
        &self,
        metrics: Vec<(String, i64)>,
    ) -> Result<Vec<StreakMetric>, Invalid> {
        let mut conditions = Vec::new();
        for (i, (key, threshold)) in metrics.iter().enumerate() {
            if metrics[..i].iter().any(|(earlier, _)| earlier == key) {
                return Err(Invalid::error("metrics must name each metric once"));
            }
            let metric = self
                .find_metric_by_key(key)
                .ok_or_else(|| Invalid::error(format!("metrics: Metric not found: {key}")))?;
            if *threshold < 0 {
                return Err(Invalid::error("threshold must be an integer of at least 0"));
            }
            if *threshold > 0 {
                let threshold = Amount::from(*threshold);
                conditions.push(StreakMetric { metric: metric.id, threshold });
            }
        }
        Ok(conditions)
    }
}

/// (C-STREAK-52, C-STREAK-53, C-ADM-86)
fn check_days_off(frequency: Frequency, days: &[i64]) -> Result<Vec<u8>, Invalid> {
    if frequency != Frequency::Daily && !days.is_empty() {
        return Err(Invalid::error("daysOff is only permitted for daily streaks"));
    }
    let mut sorted = Vec::with_capacity(days.len());
    for day in days {
        let day = u8::try_from(*day)
            .ok()
            .filter(|day| *day <= 6)
            .ok_or_else(|| Invalid::error("daysOff must be integers between 0 and 6"))?;
        if sorted.contains(&day) {
            return Err(Invalid::error("daysOff must be distinct"));
        }
        sorted.push(day);
    }
    sorted.sort_unstable();
    Ok(sorted)
}

/// (C-STREAK-34, C-STREAK-35)
fn check_freezes(
    freezes: FreezesPatch,
    before: Option<&FreezeSettings>,
    now: Timestamp,
) -> Result<FreezeSettings, Invalid> {
    let max_count = in_range("freezes.maxCount", freezes.max_count, 1, 100)?;
    let start_count = in_range("freezes.startCount", freezes.start_count, 0, 100)?;
    if max_count < start_count {
        return Err(Invalid::error("freezes.maxCount must be at least freezes.startCount"));
    }
    let auto_earn = match (freezes.auto_earn_interval, freezes.auto_earn_amount) {
        (None, None) => None,
        (Some(interval), Some(amount)) => {
            let interval_days = in_range("freezes.autoEarnInterval", interval, 1, 3650)?;
            let amount = in_range("freezes.autoEarnAmount", amount, 1, 100)?;
            let unchanged = before
                .and_then(|before| before.auto_earn)
                .filter(|before| before.interval_days == interval_days && before.amount == amount);
            Some(unchanged.unwrap_or(AutoEarn { interval_days, amount, since: now }))
        }
        (Some(_), None) | (None, Some(_)) => {
            return Err(Invalid::error(
                "freezes.autoEarnInterval and freezes.autoEarnAmount must both be set or both be null",
            ));
        }
    };
    Ok(FreezeSettings { start_count, max_count, auto_earn })
}

fn in_range(field: &str, value: i64, min: u32, max: u32) -> Result<u32, Invalid> {
    u32::try_from(value).ok().filter(|value| (min..=max).contains(value)).ok_or_else(|| {
        Invalid::error(format!("{field} must be an integer between {min} and {max}"))
    })
}
