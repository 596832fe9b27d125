//! How often and in what words webhooks are told of changed points.

use domain::catalog::{SealedSecret, WebhookDraft, WebhookPatch};
use domain::ids::{MetricId, WebhookId};
use domain::webhook::WebhookEvent;

use crate::support::{Event, NONE, Trig, World, at};

struct Told {
    world: World,
    words: MetricId,
    webhook: WebhookId,
    is_known: bool,
}

impl Told {
    /// A point for every word, a level at 5, and someone who is told.
    fn new() -> Self {
        let mut world = World::new();
        let words = world.metric("words");
        let xp = world.system("xp", None, &[("bronze", 5)]);
        world.trigger(xp, "point", Trig::metric(words, 1, 1));
        let draft = WebhookDraft {
            name: "Hook".to_owned(),
            url: "https://example.com".to_owned(),
            events: vec![WebhookEvent::PointsChanged],
        };
        let start = at("1990-01-01T00:00:00Z");
        let webhook = world.catalog.create_webhook(draft, SealedSecret(Vec::new()), start);
        let webhook = webhook.expect("a valid webhook").id;
        Self { world, words, webhook, is_known: false }
    }

    fn words(&mut self, now: &str, count: &str) {
        self.world.event(&day(now), "u", Event::of(self.words, count));
        self.is_known = true;
    }

    fn read(&mut self, now: &str) {
        self.world.read(&day(now), "u");
    }

    /// Settles whenever something is due before `now`.
    fn settle_until(&mut self, now: &str) {
        let now = at(&day(now));
        while self.is_known
            && let Some(due) = self.world.next_due("u").filter(|due| *due <= now)
        {
            self.world.settle(&due.to_string(), "u");
        }
    }

    fn set_active(&mut self, active: bool) {
        let patch = WebhookPatch { active: Some(active), ..WebhookPatch::default() };
        let now = at(&day("00:00:00"));
        self.world.catalog.update_webhook(self.webhook, patch, now).expect("it is there");
    }

    /// What is new since last asked, without the date.
    fn told(&mut self) -> Vec<String> {
        let told = self.world.signals("u").into_iter();
        let told = told.filter_map(|signal| {
            let (at, what) = signal.split_once(" points.changed told xp ")?;
            Some(format!("{} {what}", &at[11..19]))
        });
        told.collect()
    }
}

fn day(time: &str) -> String {
    format!("2026-03-02T{time}Z")
}

// C-WH-43 C-WH-44 C-WH-48
#[test]
fn the_first_change_is_told_at_once_and_the_rest_of_its_window_as_one() {
    let mut told = Told::new();
    told.words("10:00:00", "1");
    assert_eq!(told.told(), ["10:00:00 1: 1 by awards 0..1"]);
    for (now, count) in [("10:01:00", "2"), ("10:10:00", "1"), ("10:14:59.999", "3")] {
        told.words(now, count);
        assert_eq!(told.told(), NONE);
    }
    assert_eq!(
        told.world.next_due("u").map(|due| due.to_string()),
        Some("2026-03-02T10:15:00.000Z".to_owned())
    );
    told.read("10:15:00");
    assert_eq!(told.told(), ["10:15:00 7: 6 by awards 1..4, now bronze"]);
    // That opened a window too; an empty one is simply over.
    told.words("10:29:59", "1");
    told.read("10:30:00");
    assert_eq!(told.told(), ["10:30:00 8: 1 by awards 4..5"]);
    told.words("10:45:00", "1");
    assert_eq!(told.told(), ["10:45:00 9: 1 by awards 5..6"]);
}

// C-WH-44 C-GEN-22
#[test]
fn settling_late_tells_what_settling_on_time_tells() {
    let events = [("10:00:00", "1"), ("10:07:00", "2"), ("10:15:00", "1"), ("10:40:00", "4")];
    let (mut late, mut punctual) = (Told::new(), Told::new());
    for (now, count) in events {
        late.words(now, count);
        punctual.settle_until(now);
        punctual.words(now, count);
    }
    punctual.settle_until("11:59:00");
    for told in [&mut late, &mut punctual] {
        told.read("11:59:00");
        assert_eq!(
            told.told(),
            [
                "10:00:00 1: 1 by awards 0..1",
                "10:15:00 3: 2 by awards 1..2",
                "10:30:00 4: 1 by awards 2..3",
                "10:45:00 8: 4 by awards 3..4, now bronze",
            ]
        );
    }
}

// C-WH-05
#[test]
fn without_anyone_to_tell_nothing_is_held() {
    let mut told = Told::new();
    told.words("10:00:00", "1");
    told.words("10:01:00", "1");
    told.set_active(false);
    told.read("10:15:00");
    told.words("10:16:00", "1");
    told.set_active(true);
    told.words("10:17:00", "1");
    assert_eq!(told.told(), ["10:00:00 1: 1 by awards 0..1", "10:17:00 4: 1 by awards 3..4"]);
}

// C-WH-33
#[test]
fn awards_of_the_users_creation_are_not_told() {
    let mut told = Told::new();
    let xp = told.world.catalog.points_systems[0].id;
    told.world.trigger(xp, "new", Trig::creation(3));
    told.words("10:00:00", "1");
    assert_eq!(told.told(), ["10:00:00 4: 1 by awards 1..2"]);
}
