//! Identification and profiles. (C-USER, C-ATTR-07)

use domain::catalog::{AttributeKind, Patch};
use domain::ids::UserId;
use domain::user::{Command, Existing, Profile, ProfilePatch, Rejection, Reply};

use crate::support::{Ach, Event, NONE, Trig, World, at, date, freezes, tz, zone};

const NOW: &str = "2026-01-05T12:00:00Z";
const LATER: &str = "2026-01-06T12:00:00Z";

fn named(name: &str) -> ProfilePatch {
    ProfilePatch { name: Patch::Set(name.to_owned()), ..ProfilePatch::default() }
}

// C-USER-03 C-USER-04 C-USER-07 C-USER-14 C-USER-22
#[test]
fn omitted_fields_stay_and_only_changes_move_updated() {
    let mut world = World::new();
    let everything = ProfilePatch {
        email: Patch::Set("ann@example.org".into()),
        sign_up_on: Patch::Set(date("2026-01-05")),
        device_tokens: Patch::Set(vec!["t".into()]),
        ..named("Ann")
    };
    assert_eq!(world.identify(NOW, "u", everything.clone()), Ok(true));
    let stored = world.read(NOW, "u");
    assert_eq!((stored.created_at, stored.updated_at), (at(NOW), at(NOW)));
    for same in [ProfilePatch::default(), everything] {
        assert_eq!(world.identify(LATER, "u", same), Ok(false));
        let state = world.read(LATER, "u");
        assert_eq!((&state.profile, state.updated_at), (&stored.profile, at(NOW)));
    }
    let cleared = ProfilePatch {
        email: Patch::Clear,
        name: Patch::Clear,
        time_zone: Patch::Clear,
        sign_up_on: Patch::Clear,
        device_tokens: Patch::Clear,
        ..ProfilePatch::default()
    };
    assert_eq!(world.identify(LATER, "u", cleared), Ok(false));
    let state = world.read(LATER, "u");
    assert_eq!(state.profile, Profile::default());
    assert_eq!((state.created_at, state.updated_at), (at(NOW), at(LATER)));
}

// C-USER-10: the zone sent with an event is in force for it.
#[test]
fn a_zone_sent_with_an_event_is_in_force_for_it() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.event("2026-01-05T20:00:00Z", "u", Event::of(metric, "1"));
    let moved = Event::of(metric, "1").user(tz("Asia/Tokyo"));
    assert_eq!(world.event("2026-01-05T20:00:00Z", "u", moved), "total 2; extended");
    let days: Vec<_> = world.stored("u").events.iter().map(|event| event.day.to_string()).collect();
    assert_eq!(days, ["2026-01-05", "2026-01-06"]);
}

// C-USER-11 C-USER-18 C-GEN-14 C-GEN-21
#[test]
fn bad_profiles_are_refused_without_a_trace() {
    let mut world = World::new();
    let future =
        ProfilePatch { sign_up_on: Patch::Set(date("2026-01-06")), ..ProfilePatch::default() };
    let subscribed = ProfilePatch { subscribe_to_emails: Some(true), ..ProfilePatch::default() };
    let mut crowded = ProfilePatch::default();
    for key in 0..51 {
        let attribute = world.attribute(AttributeKind::User, &format!("a{key}"));
        crowded.attributes.insert(attribute, Some("v".to_owned()));
    }
    let refused = [
        (future.clone(), Rejection::SignUpDateInFuture),
        (subscribed, Rejection::EmailRequired),
        (crowded, Rejection::TooManyAttributes),
    ];
    for (patch, rejection) in refused {
        assert_eq!(world.identify(NOW, "u", patch), Err(rejection));
        assert!(!world.knows("u"));
    }
    // Today is the user's own: in Tokyo it is already the 6th.
    let abroad = ProfilePatch { time_zone: Patch::Set(zone("Asia/Tokyo")), ..future };
    assert_eq!(world.identify("2026-01-05T15:00:00Z", "u", abroad), Ok(true));
}

// C-USER-12 C-USER-13
#[test]
fn unsubscribing_forgets_the_address() {
    let mut world = World::new();
    let email = |email: Option<&str>, subscribe| ProfilePatch {
        email: email.map_or(Patch::Keep, |email| Patch::Set(email.to_owned())),
        subscribe_to_emails: subscribe,
        ..ProfilePatch::default()
    };
    let steps = [
        (email(Some("a@b"), None), Some("a@b"), true),
        (email(None, Some(true)), Some("a@b"), true),
        (email(Some("c@d"), Some(false)), None, false),
        (email(Some("a@b"), None), None, false),
        (email(Some("a@b"), Some(true)), Some("a@b"), true),
    ];
    for (patch, kept, subscribed) in steps {
        world.identify(NOW, "u", patch).expect("allowed");
        let profile = world.read(NOW, "u").profile;
        assert_eq!((profile.email.as_deref(), profile.subscribe_to_emails), (kept, subscribed));
    }
}

// C-ATTR-07
#[test]
fn attributes_merge_and_null_removes() {
    let mut world = World::new();
    let [a, b] = ["a", "b"].map(|key| world.attribute(AttributeKind::User, key));
    let patch = |values: &[(_, Option<&str>)]| ProfilePatch {
        attributes: values.iter().map(|(id, value)| (*id, value.map(str::to_owned))).collect(),
        ..ProfilePatch::default()
    };
    let steps = [
        (patch(&[(a, Some("1"))]), (Some("1"), None)),
        (patch(&[(b, Some(""))]), (Some("1"), Some(""))),
        (patch(&[(a, Some("2")), (b, None)]), (Some("2"), None)),
        (patch(&[(b, None)]), (Some("2"), None)),
    ];
    for (patch, kept) in steps {
        world.identify(NOW, "u", patch).expect("allowed");
        let attributes = world.read(NOW, "u").profile.attributes;
        let value = |id| attributes.get(id).map(String::as_str);
        assert_eq!((value(&a), value(&b)), kept);
    }
}

// C-GEN-14 C-ADM-29
#[test]
fn values_of_deleted_attributes_take_no_room() {
    let mut world = World::new();
    for generation in ["old", "new"] {
        let attributes: Vec<_> = (0..50)
            .map(|i| world.attribute(AttributeKind::User, &format!("{generation}{i}")))
            .collect();
        let values = attributes.iter().map(|id| (*id, Some("v".to_owned()))).collect();
        let all = ProfilePatch { attributes: values, ..ProfilePatch::default() };
        world.identify(NOW, "u", all).expect("fifty are allowed");
        let another = world.attribute(AttributeKind::User, &format!("{generation}50"));
        let one = [(another, Some("v".to_owned()))].into();
        let one = ProfilePatch { attributes: one, ..ProfilePatch::default() };
        assert_eq!(world.identify(NOW, "u", one), Err(Rejection::TooManyAttributes));
        for id in attributes {
            world.catalog.delete_attribute(id, at(NOW)).expect("not in use");
        }
    }
}

// C-USER-19 C-USER-20 C-USER-21: the known answers were computed with a SHA-256 of another make.
#[test]
fn the_control_group_is_fixed_by_the_ids() {
    let mut world = World::new();
    let members: Vec<_> = (0..40)
        .filter(|user| {
            world.identify(NOW, &user.to_string(), ProfilePatch::default()).expect("allowed");
            world.read(NOW, &user.to_string()).control
        })
        .collect();
    assert_eq!(members, CONTROL_OF_40);
    world.catalog.settings.control_ratio = 100;
    assert!(!world.read(NOW, "0").control, "decided once");
    world.identify(NOW, "new", ProfilePatch::default()).expect("allowed");
    assert!(world.read(NOW, "new").control);
    world.catalog.settings.control_ratio = 0;
    world.identify(NOW, "newer", ProfilePatch::default()).expect("allowed");
    assert!(!world.read(NOW, "newer").control);
}

const CONTROL_OF_40: [u32; 5] = [2, 17, 22, 24, 33];

// C-USER-23 C-STREAK-36 C-POINTS-21: freezes and points of a new user, by any route, once.
#[test]
fn creation_grants_freezes_and_points_once() {
    for route in ["identify", "event", "call"] {
        let mut world = World::new();
        let metric = world.metric("m");
        let call = world.achievement("A", Ach::api("a"));
        let xp = world.system("xp", None, &[]);
        world.trigger(xp, "new", Trig::creation(5));
        world.trigger(xp, "off", Trig::creation(50).inactive());
        world.streaks(freezes(2, 3, None));
        for _ in 0..2 {
            match route {
                "identify" => drop(world.identify(NOW, "u", ProfilePatch::default())),
                "event" => drop(world.event(NOW, "u", Event::of(metric, "1"))),
                _ => drop(world.complete(NOW, "u", call, ProfilePatch::default())),
            }
        }
        let state = world.read(NOW, "u");
        assert_eq!((state.streak.freezes, state.balance(xp)), (2, 5), "{route}");
        assert!(world.signals("u").iter().all(|line| !line.contains("freeze")), "{route}");
    }
}

// C-USER-25
#[test]
fn an_unknown_user_is_only_created_where_allowed() {
    let mut world = World::new();
    let required = Command::Identify { profile: named("Ann"), existing: Existing::Required };
    let refused = [Command::Settle, required.clone(), Command::GrantFreezes { count: 1 }];
    for command in refused {
        let outcome = world.run(at(NOW), "u", &command);
        assert_eq!(outcome.map(|outcome| outcome.reply), Err(Rejection::UserNotFound));
    }
    assert_eq!(world.identify(NOW, "u", ProfilePatch::default()), Ok(true));
    let outcome = world.run(at(NOW), "u", &required).expect("known by now");
    assert_eq!(outcome.reply, Reply::Identified { created: false });
    assert_eq!(outcome.state.id, UserId::new("u").expect("valid"));
    assert_eq!(world.signals("u"), NONE);
}
