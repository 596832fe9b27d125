//! Sample events: what each type looks like, for receivers that are being built.
//!
//! A small made-up environment goes through the rules like any other, and what happened in it is
//! rendered like anything that happens. Types that nothing sends yet have no sample.

use std::collections::BTreeMap;

use actors::board::Row;
use actors::ports::{BoostOccasion, Told, ToldRun, WebhookRenderer};
use domain::amount::Amount;
use domain::catalog::{
    AchievementDraft, AchievementStatus, AchievementTriggerFields, AchievementTriggerKind,
    BoostDraft, BoostTerms, Catalog, FreezesPatch, Invalid, LeaderboardDraft, LeaderboardStatus,
    LevelDraft, MetricDraft, Patch, PointsSystemDraft, RankByKind, Rounding, SealedSecret,
    Settings, StreakSettingsPatch, TriggerDraft, TriggerType, TriggerTypeFields, UnitType,
    WebhookDraft,
};
use domain::ids::{EnvironmentId, MetricId, Scope, UserId};
use domain::leaderboard::{DailyWindow, RunUnit, Score};
use domain::time::{Date, Timestamp};
use domain::user::{
    AwardRecord, Command, HistoryRow, Input, Outcome, ProfilePatch, Signal, SignalKind,
    SubmitEvent, UserState, apply,
};
use domain::webhook::{RankedValue, WebhookEvent};
use uuid::Uuid;

use super::Renderer;

/// 2026-03-02T12:00:00Z.
const NOW: Timestamp = Timestamp::from_millis(1_772_452_800_000);

/// What an event of a type looks like; `None` for types that nothing sends yet.
///
/// # Panics
/// Never: the made-up environment obeys the rules, which a test proves.
#[must_use]
pub fn sample(event: WebhookEvent) -> Option<String> {
    let (catalog, metric) = catalog().expect("the sample environment obeys the rules");
    let outcome = outcome(&catalog, metric).expect("the sample event is accepted");
    let of_user = |kind: &SignalKind, awards: &[AwardRecord]| {
        let told = Told::OfUser { signal: kind, state: &outcome.state, awards };
        Renderer.render(told, &catalog)
    };
    let happened = |event| {
        let mut kinds = outcome.signals.iter().map(|Signal { kind, .. }| kind);
        kinds.find(|kind| kind.webhook_event() == Some(event))
    };
    match event {
        WebhookEvent::AchievementCompleted
        | WebhookEvent::StreakStarted
        | WebhookEvent::PointsLevelChanged => of_user(happened(event)?, &[]),
        WebhookEvent::PointsChanged => of_user(happened(event)?, &awards(&outcome)),
        WebhookEvent::StreakExtended => of_user(&SignalKind::StreakExtended { length: 1 }, &[]),
        WebhookEvent::StreakLost => of_user(&SignalKind::StreakLost { length: 7 }, &[]),
        WebhookEvent::StreakFreezeConsumed => {
            of_user(&SignalKind::FreezeConsumed { consumed: 1, freezes: 1 }, &[])
        }
        WebhookEvent::StreakFreezeEarned => {
            of_user(&SignalKind::FreezeEarned { earned: 1, freezes: 2 }, &[])
        }
        WebhookEvent::PointsBoostStarted => of_boost(&catalog, BoostOccasion::Started),
        WebhookEvent::PointsBoostFinished => of_boost(&catalog, BoostOccasion::Finished),
        WebhookEvent::LeaderboardStarted => of_ranking(&catalog, event, &[]),
        WebhookEvent::LeaderboardChanged | WebhookEvent::LeaderboardFinished => {
            of_ranking(&catalog, event, &[&outcome.state])
        }
        WebhookEvent::LeaderboardRankChanged => of_rank(&catalog, &outcome.state),
        WebhookEvent::EmailsRecapDue
        | WebhookEvent::EmailsReactivationDue
        | WebhookEvent::EmailsStreakReminderDue
        | WebhookEvent::EmailsAchievementDue => None,
    }
}

/// A run, with these participants.
fn of_ranking(catalog: &Catalog, event: WebhookEvent, users: &[&UserState]) -> Option<String> {
    let score = Score { value: Amount::from(750), reached: NOW, order: 1 };
    let row = |(rank, state): (u64, &&UserState)| Row { rank, user: state.id.clone(), score };
    let rows: Vec<Row> = (1..).zip(users).map(row).collect();
    let names = users.iter().map(|state| (state.id.clone(), state.profile.name.clone())).collect();
    let (of, status) = (of_run(catalog)?, LeaderboardStatus::Active);
    Renderer.render(Told::OfRanking { event, of, status, rows: &rows, names: &names }, catalog)
}

fn of_rank(catalog: &Catalog, state: &UserState) -> Option<String> {
    let place = Some(RankedValue { rank: 1, value: 750 });
    let previous = Some(RankedValue { rank: 2, value: 500 });
    let told = Told::OfRank { state, of: of_run(catalog)?, previous, place };
    Renderer.render(told, catalog)
}

fn of_run(catalog: &Catalog) -> Option<ToldRun<'_>> {
    let board = catalog.live_leaderboards().next()?;
    let run = board.runs.current(NOW.utc_date());
    Some(ToldRun { board, run, group: None, participants_max: 1_000 })
}

fn of_boost(catalog: &Catalog, occasion: BoostOccasion) -> Option<String> {
    let system = catalog.live_points_systems().next()?;
    let (boost, terms) = system.live_boosts().next()?;
    Renderer.render(Told::OfBoost { occasion, boost, terms, system, at: NOW }, catalog)
}

fn awards(outcome: &Outcome) -> Vec<AwardRecord> {
    let award = |row: &HistoryRow| match row {
        HistoryRow::Award { record, .. } => Some(record.clone()),
        HistoryRow::Event { .. }
        | HistoryRow::MetricDay { .. }
        | HistoryRow::PointsDay { .. }
        | HistoryRow::AttributeDay { .. }
        | HistoryRow::AttributeProgress { .. }
        | HistoryRow::PauseOwner { .. } => None,
    };
    outcome.rows.iter().filter_map(award).collect()
}

/// One event of one user that completes, starts and awards something.
fn outcome(catalog: &Catalog, metric: MetricId) -> Option<Outcome> {
    let event = SubmitEvent {
        metric,
        value: Amount::from(750),
        attributes: BTreeMap::new(),
        profile: ProfilePatch {
            name: Patch::Set("Zoë".to_owned()),
            email: Patch::Set("zoe@example.com".to_owned()),
            ..ProfilePatch::default()
        },
        idempotency_key: None,
        replay_of: None,
        queued: None,
    };
    let user = UserId::new("user-1")?;
    let scope = Scope::untenanted(catalog.environment);
    let by_attribute = BTreeMap::new();
    let input = Input {
        scope,
        user: &user,
        catalog,
        now: NOW,
        sums: &[],
        by_attribute: &by_attribute,
        scores: None,
        order: 0,
    };
    apply(None, input, &Command::SubmitEvent(event)).ok()
}

fn catalog() -> Result<(Catalog, MetricId), Invalid> {
    let mut catalog = Catalog::new(EnvironmentId(Uuid::nil()), Settings::default());
    let (key, name) = ("words-written".to_owned(), "Words written".to_owned());
    let draft = MetricDraft { name, key, unit_type: UnitType::Number, units: "words".to_owned() };
    let metric = catalog.create_metric(draft, NOW)?.id;
    catalog.create_achievement(
        AchievementDraft {
            name: "500 words".to_owned(),
            description: Some("Write 500 words".to_owned()),
            badge_url: None,
            status: AchievementStatus::Active,
            kind: AchievementTriggerKind::Metric,
            fields: AchievementTriggerFields {
                metric_id: Some(metric),
                metric_value: Some(Amount::from(500)),
                ..AchievementTriggerFields::default()
            },
            user_filters: Vec::new(),
        },
        NOW,
    )?;
    let freezes = FreezesPatch {
        start_count: 1,
        max_count: 3,
        auto_earn_interval: Some(7),
        auto_earn_amount: Some(1),
    };
    let streaks = StreakSettingsPatch {
        enabled: Some(true),
        freezes: Patch::Set(freezes),
        ..StreakSettingsPatch::default()
    };
    catalog.update_streak_settings(streaks, NOW)?;
    points_system(&mut catalog, metric)?;
    leaderboard(&mut catalog, metric)?;
    // Reports are made while somebody is told.
    let draft = WebhookDraft {
        name: "sample".to_owned(),
        url: "https://example.com".to_owned(),
        events: vec![WebhookEvent::PointsChanged],
    };
    catalog.create_webhook(draft, SealedSecret(Vec::new()), NOW)?;
    Ok((catalog, metric))
}

fn points_system(catalog: &mut Catalog, metric: MetricId) -> Result<(), Invalid> {
    let text = str::to_owned;
    let draft = PointsSystemDraft {
        name: text("XP"),
        key: text("xp"),
        description: text("Experience"),
        badge_url: None,
        max_points: None,
        levels: Vec::new(),
        boosts: Vec::new(),
        triggers: Vec::new(),
    };
    let system = catalog.create_points_system(draft, NOW)?.id;
    for (key, name, points) in [("bronze", "Bronze", 0), ("silver", "Silver", 50)] {
        let (name, key) = (text(name), text(key));
        let draft = LevelDraft { name, key, points, description: String::new(), badge_url: None };
        catalog.create_level(system, draft, NOW)?;
    }
    let boost = BoostTerms {
        name: text("Double XP"),
        start: Date::from_ymd(2026, 3, 2).expect("a date"),
        end: Date::from_ymd(2026, 3, 8),
        multiplier: Amount::from(2),
        rounding: Rounding::Down,
        user_filters: Vec::new(),
    };
    catalog.create_boost(system, BoostDraft { user: None, terms: boost }, NOW)?;
    let trigger = TriggerDraft {
        trigger_type: TriggerType::Metric,
        points: 1,
        active: true,
        user_filters: Vec::new(),
        block_if_out_of_points: false,
        fields: TriggerTypeFields {
            metric_id: Some(metric),
            metric_threshold: Some(10),
            ..TriggerTypeFields::default()
        },
    };
    catalog.create_trigger(system, trigger, NOW)?;
    Ok(())
}

fn leaderboard(catalog: &mut Catalog, metric: MetricId) -> Result<(), Invalid> {
    let draft = LeaderboardDraft {
        name: "Words of the week".to_owned(),
        key: "weekly-words".to_owned(),
        description: None,
        status: LeaderboardStatus::Active,
        rank_by: RankByKind::Metric,
        metric_id: Some(metric),
        points_system_id: None,
        participants_max: None,
        start: Date::from_ymd(2026, 3, 2),
        end: None,
        run_unit: Some(RunUnit::Day),
        run_interval: Some(7),
        window: DailyWindow::default(),
        breakdown: Vec::new(),
        user_filters: Vec::new(),
    };
    catalog.create_leaderboard(draft, NOW)?;
    Ok(())
}
