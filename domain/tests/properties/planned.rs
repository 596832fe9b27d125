//! The product under test: a world built from the plan, and how it takes a step.
//!
//! Nothing is judged here; a step is carried out and what a caller would see is told.

use domain::catalog::{
    AchievementPatch, AchievementStatus, AchievementTriggerFields, AttributeKind, BoostDraft,
    BoostPatch, BoostTerms, Filter, Patch, PointsSystemPatch, StreakSettingsPatch, TriggerPatch,
    TriggerTypeFields,
};
use domain::ids::{
    AchievementId, AttributeId, BoostId, MetricId, PauseId, PointsSystemId, TriggerId,
};
use domain::time::{Date, Timestamp};
use domain::user::{Command, ProfilePatch, StreakOverridesPatch};
use uuid::Uuid;

use crate::histories::{Profile, Step, TAGS, VALUES, ZONES, pause_dates, settings_patch};
use crate::lockstep::USER;
use crate::model;
use crate::model::boost::{BOOSTS, Boost};
use crate::model::plan::{
    ACHIEVEMENTS, Fires, LENGTHENED, LOCKED, Needs, SWITCHED, SYSTEMS, TIMED, TRIGGERS, XP_MAX,
};
use crate::model::time::Change;
use crate::support::{Ach, Event, Trig, World, zone};

/// A world built from the plan, with the ids of its parts.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) world: World,
    pub(crate) metrics: [MetricId; 2],
    tag: AttributeId,
    plan: AttributeId,
    pub(crate) achievements: Vec<AchievementId>,
    pub(crate) systems: Vec<PointsSystemId>,
    triggers: Vec<TriggerId>,
    boosts: [Option<BoostId>; 3],
    /// Every pause in order of creation.
    pauses: Vec<PauseId>,
}

impl Planned {
    pub(crate) fn new() -> Self {
        let mut world = World::new();
        world.streaks(StreakSettingsPatch {
            customization_enabled: Some(true),
            ..StreakSettingsPatch::default()
        });
        let metrics = [world.metric("a"), world.metric("b")];
        let tag = world.attribute(AttributeKind::Event, "tag");
        let plan = world.attribute(AttributeKind::User, "plan");
        let mut achievements: Vec<AchievementId> = Vec::new();
        for own in ACHIEVEMENTS {
            let id_of = |name: &&str| {
                achievements[ACHIEVEMENTS.iter().position(|own| own.name == *name).expect("listed")]
            };
            let ach = match own.needs {
                Needs::Total(metric, tenths) => {
                    Ach::metric(metrics[metric], &model::tenths_of(tenths).to_string())
                }
                Needs::Streak(length) => Ach::streak(length),
                Needs::Call => Ach::api("call"),
                Needs::Years(years) => Ach::anniversary(years),
                Needs::All(names) => Ach::all_of(&names.iter().map(id_of).collect::<Vec<_>>()),
            };
            let ach = if own.tagged { ach.if_event(tag, TAGS[0]) } else { ach };
            let ach = if own.pro { ach.if_user(plan, "pro") } else { ach };
            achievements.push(world.achievement(own.name, ach));
        }
        let systems: Vec<_> = SYSTEMS
            .iter()
            .map(|(key, levels)| world.system(key, (*key == "xp").then_some(XP_MAX), levels))
            .collect();
        let mut triggers = Vec::new();
        for own in TRIGGERS {
            let trig = match own.fires {
                Fires::Creation => Trig::creation(own.points),
                Fires::Metric(metric, every) => Trig::metric(metrics[metric], every, own.points),
                Fires::Streak(length) => Trig::streak(length, own.points),
                Fires::Hours(interval) => Trig::hours(interval, own.points),
                Fires::Days(interval) => Trig::days(interval, own.points),
                Fires::Achievement(name) => {
                    let place = ACHIEVEMENTS.iter().position(|own| own.name == name);
                    Trig::achievement(achievements[place.expect("listed")], own.points)
                }
            };
            let trig = if own.guarded { trig.guarded() } else { trig };
            let trig = if own.tagged { trig.if_event(tag, TAGS[0]) } else { trig };
            let trig = if own.pro { trig.if_user(plan, "pro") } else { trig };
            triggers.push(world.trigger(systems[system_place(own.system)], own.name, trig));
        }
        let (boosts, pauses) = ([None; 3], Vec::new());
        Self { world, metrics, tag, plan, achievements, systems, triggers, boosts, pauses }
    }

    fn patch(&self, now: Timestamp, profile: Profile) -> ProfilePatch {
        let mut patch = ProfilePatch {
            time_zone: match profile.zone {
                None => Patch::Keep,
                Some(None) => Patch::Clear,
                Some(Some(place)) => Patch::Set(zone(ZONES[place])),
            },
            sign_up_on: match profile.signed_up {
                None => Patch::Keep,
                Some(None) => Patch::Clear,
                Some(Some(days)) => Patch::Set(now.utc_date().plus_days(-days)),
            },
            ..ProfilePatch::default()
        };
        if let Some(pro) = profile.pro {
            patch.attributes.insert(self.plan, pro.then(|| "pro".to_owned()));
        }
        patch
    }

    /// Takes one step; what a caller sees of it.
    pub(crate) fn take(&mut self, now: Timestamp, step: &Step) -> String {
        match step {
            Step::Event { metric, value, tag, profile, key } => {
                let mut event = Event::of(self.metrics[*metric], VALUES[*value])
                    .user(self.patch(now, *profile));
                if let Some(tag) = tag {
                    event = event.with(self.tag, TAGS[*tag]);
                }
                if let Some(key) = key {
                    event = event.key(&key.to_string());
                }
                self.world.event(&now.to_string(), USER, event)
            }
            Step::Identify(profile) => {
                let patch = self.patch(now, *profile);
                self.world.identify(&now.to_string(), USER, patch).expect("never rejected");
                String::new()
            }
            Step::Call(profile) => {
                let call = ACHIEVEMENTS.iter().position(|own| own.name == "Call");
                let call = self.achievements[call.expect("listed")];
                let patch = self.patch(now, *profile);
                self.world.complete(&now.to_string(), USER, call, patch)
            }
            Step::Grant(count) => match self.world.grant(&now.to_string(), USER, *count) {
                Ok(granted) => format!("granted {granted}"),
                Err(rejection) => format!("rejected: {rejection}"),
            },
            Step::Pause(from, more) => {
                let (start, end) = pause_dates(now, *from, *more);
                let paused =
                    self.world.pause(&now.to_string(), USER, &start.to_string(), &end.to_string());
                match paused {
                    Ok(id) => {
                        self.pauses.push(id);
                        "paused".to_owned()
                    }
                    Err(rejection) => format!("rejected: {rejection}"),
                }
            }
            Step::Unpause(place) => {
                let id = self.pauses.get(*place).copied().unwrap_or(PauseId(Uuid::nil()));
                match self.world.unpause(&now.to_string(), USER, id) {
                    Ok(()) => "unpaused".to_owned(),
                    Err(rejection) => format!("rejected: {rejection}"),
                }
            }
            Step::Restore(mode) => match self.world.restore(&now.to_string(), USER, *mode) {
                Ok(()) => "restored".to_owned(),
                Err(rejection) => format!("rejected: {rejection}"),
            },
            Step::Prefer(enabled, days) => {
                let patch = StreakOverridesPatch {
                    enabled: enabled.map_or(Patch::Clear, Patch::Set),
                    days_off: days.clone().map_or(Patch::Clear, Patch::Set),
                    ..StreakOverridesPatch::default()
                };
                match self.world.prefer(&now.to_string(), USER, Patch::Set(patch)) {
                    Ok(()) => "preferred".to_owned(),
                    Err(rejection) => format!("rejected: {rejection}"),
                }
            }
            Step::Reset => match self.world.reset(&now.to_string(), USER) {
                Ok(()) => "reset".to_owned(),
                Err(rejection) => format!("rejected: {rejection}"),
            },
            Step::Read => {
                self.settle(now);
                String::new()
            }
            Step::NewRules(place) => {
                if self.world.knows(USER) {
                    self.world.settle(&now.to_string(), USER);
                    self.world.new_rules(USER, ZONES[*place]);
                    self.settle(now);
                }
                String::new()
            }
            Step::Frequency(_)
            | Step::Conditions { .. }
            | Step::DaysOff(_)
            | Step::Freezes(_)
            | Step::Enabled(_) => {
                // Days off are refused unless streaks are daily; then nothing changes.
                let _ = self.world.catalog.update_streak_settings(settings_patch(step), now);
                String::new()
            }
            Step::Tag(tag) => {
                self.set_tag(now, TAGS[*tag]);
                String::new()
            }
            Step::XpMax(max) => {
                let patch = PointsSystemPatch {
                    max_points: Patch::Set(*max),
                    ..PointsSystemPatch::default()
                };
                let changed = self.world.catalog.update_points_system(self.systems[0], patch, now);
                changed.expect("a valid maximum");
                String::new()
            }
            Step::Lock(which, locked) => {
                let status =
                    if *locked { AchievementStatus::Locked } else { AchievementStatus::Active };
                let patch =
                    AchievementPatch { status: Some(status), ..AchievementPatch::default() };
                self.change_achievement(now, LOCKED[*which], patch);
                String::new()
            }
            Step::Lengthen(length) => {
                let mut patch = AchievementPatch::default();
                patch.fields.streak_length = Some(*length);
                self.change_achievement(now, LENGTHENED, patch);
                String::new()
            }
            Step::Switch(which, on) => {
                let name = SWITCHED[*which];
                let place = TRIGGERS.iter().position(|own| own.name == name).expect("listed");
                let patch = TriggerPatch { active: Some(*on), ..TriggerPatch::default() };
                let (system, trigger) = (self.systems[0], self.triggers[place]);
                let changed = self.world.catalog.update_trigger(system, trigger, patch, now);
                changed.expect("a valid change");
                String::new()
            }
            Step::Retime(which, change) => {
                self.retime(now, *which, *change);
                String::new()
            }
            Step::Boost(which, boost) => {
                self.set_boost(now, *which, *boost);
                String::new()
            }
        }
    }

    fn change_achievement(&mut self, now: Timestamp, name: &str, patch: AchievementPatch) {
        let place = ACHIEVEMENTS.iter().position(|own| own.name == name).expect("listed");
        let id = self.achievements[place];
        self.world.catalog.update_achievement(id, patch, now).expect("a valid change");
    }

    fn set_boost(&mut self, now: Timestamp, which: usize, boost: Option<Boost>) {
        let (key, pro) = BOOSTS[which];
        let system = self.systems[system_place(key)];
        let catalog = &mut self.world.catalog;
        let draft = |(tenths, rounding)| BoostTerms {
            name: String::new(),
            start: Date::parse("1990-01-01").expect("a date"),
            end: None,
            multiplier: model::tenths_of(tenths),
            rounding,
            user_filters: if pro {
                vec![Filter { attribute: self.plan, value: "pro".to_owned() }]
            } else {
                Vec::new()
            },
        };
        self.boosts[which] = match (self.boosts[which], boost) {
            (None, None) => None,
            (None, Some(boost)) => {
                let draft = BoostDraft { user: None, terms: draft(boost) };
                Some(catalog.create_boost(system, draft, now).expect("valid").id)
            }
            (Some(id), Some((tenths, rounding))) => {
                let patch = BoostPatch {
                    multiplier: Some(model::tenths_of(tenths)),
                    rounding: Some(rounding),
                    ..BoostPatch::default()
                };
                Some(catalog.update_boost(system, id, patch, now).expect("valid").id)
            }
            (Some(id), None) => {
                catalog.delete_boost(system, id, now).expect("live");
                None
            }
        };
    }

    fn retime(&mut self, now: Timestamp, which: usize, change: Change) {
        let place = TRIGGERS.iter().position(|own| own.name == TIMED[which]).expect("listed");
        let mut patch = TriggerPatch::default();
        match change {
            Change::On(on) => patch.active = Some(on),
            Change::Interval(interval) => patch.fields.time_interval = Some(interval),
            Change::Points(points) => patch.points = Some(points),
        }
        let system = self.systems[system_place(TRIGGERS[place].system)];
        let changed = self.world.catalog.update_trigger(system, self.triggers[place], patch, now);
        changed.expect("a valid change");
    }

    pub(crate) fn settle(&mut self, now: Timestamp) {
        if self.world.knows(USER) {
            self.world.run(now, USER, &Command::Settle).expect("settling is never rejected");
        }
    }

    fn set_tag(&mut self, now: Timestamp, tag: &str) {
        let filters = Patch::Set(vec![Filter { attribute: self.tag, value: tag.to_owned() }]);
        let catalog = &mut self.world.catalog;
        for (own, id) in ACHIEVEMENTS.iter().zip(&self.achievements).filter(|(own, _)| own.tagged) {
            let fields = AchievementTriggerFields {
                event_attributes: filters.clone(),
                ..AchievementTriggerFields::default()
            };
            let patch = AchievementPatch { fields, ..AchievementPatch::default() };
            catalog.update_achievement(*id, patch, now).expect(own.name);
        }
        for (own, id) in TRIGGERS.iter().zip(&self.triggers).filter(|(own, _)| own.tagged) {
            let fields = TriggerTypeFields {
                event_attributes: filters.clone(),
                ..TriggerTypeFields::default()
            };
            let patch = TriggerPatch { fields, ..TriggerPatch::default() };
            let system = self.systems[system_place(own.system)];
            catalog.update_trigger(system, *id, patch, now).expect(own.name);
        }
    }
}

pub(crate) fn system_place(key: &str) -> usize {
    SYSTEMS.iter().position(|(own, _)| *own == key).expect("listed")
}
