//! `/admin/v1/catalog`

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::{create, read, update};
use crate::world::{Answer, KEY, World};

async fn send(world: &World, path: &str, file: &str) -> Answer {
    let request = Request::builder().method(Method::POST).uri(format!("/admin/v1/catalog{path}"));
    let body = Body::from(file.to_owned());
    world.send(request.header("X-API-KEY", KEY).body(body).unwrap()).await
}

async fn differences(world: &World, path: &str, file: &str) -> Value {
    send(world, path, file).await.json(StatusCode::OK)["differences"].take()
}

async fn export(world: &World) -> String {
    let answer = world.get("/admin/v1/catalog").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "application/toml");
    answer.text
}

// C-CAT-01 C-CAT-05
#[tokio::test]
async fn an_export_is_no_difference_and_an_applied_file_none_any_more() {
    let world = World::new().await;
    let file = export(&world).await;
    assert_eq!(differences(&world, "/plan", &file).await, json!([]));
    assert_eq!(differences(&world, "/apply", &file).await, json!([]));
    let file = file.replace("value = 500", "value = 400") + "\n[metrics.pages]\nname = \"Pages\"\n";
    let planned = differences(&world, "/plan", &file).await;
    assert_eq!(export(&world).await.matches("pages").count(), 0);
    let applied = differences(&world, "/apply", &file).await;
    let paths = |differences: &Value| -> Vec<_> {
        let all = differences.as_array().unwrap().iter();
        all.map(|own| (own["path"].clone(), own["change"].clone())).collect()
    };
    let expected = [("metrics.pages", "added"), ("achievements.novelist", "changed")];
    assert_eq!(paths(&planned), expected.map(|(path, change)| (json!(path), json!(change))));
    assert_eq!(paths(&applied), paths(&planned));
    let before_and_after = &applied[1]["fields"][0];
    let values = ["{ key = \"words\", value = 500 }", "{ key = \"words\", value = 400 }"];
    let [before, after] = values;
    assert_eq!(before_and_after, &json!({"name": "metric", "before": before, "after": after}));
    assert_eq!(differences(&world, "/apply", &file).await, json!([]));
    assert_eq!(differences(&world, "/plan", &export(&world).await).await, json!([]));
}

// C-CAT-04 C-ACH-16 C-ACH-18
#[tokio::test]
async fn a_plan_counts_the_users_whom_it_touches() {
    let world = World::new().await;
    for (user, words) in [("a", 600), ("b", 450), ("c", 420), ("d", 10)] {
        let body = json!({"user": {"id": user, "attributes": {"plan": "pro"}}, "value": words,
            "attributes": {"book": "blue"}});
        world.post("/v1/metrics/words/event", body).await.json(StatusCode::CREATED);
    }
    world.event("words", "free", json!(450)).await.json(StatusCode::CREATED);
    let file = export(&world).await.replace("value = 500", "value = 400")
        + r#"
[achievements.blue]
name = "Blue"
metric = { key = "words", value = 450, event_attributes = { book = "blue" } }

[achievements.both]
name = "Both"
user_attributes = { plan = "pro" }
all_of = ["novelist", "blue"]

[achievements.tour]
name = "Tour"
api = true

[points.xp]
name = "XP"

[[points.xp.triggers]]
points = 1
metric = { key = "words", threshold = 10 }
user_attributes = { plan = "pro" }

[[points.xp.triggers]]
points = 5
achievement = "novelist"

[[points.xp.triggers]]
points = 9
user_creation = true

[[points.xp.triggers]]
points = 9
streak_length = 3
status = "inactive"
"#;
    let planned = differences(&world, "/plan", &file).await;
    let counts: Vec<_> = planned
        .as_array()
        .unwrap()
        .iter()
        .map(|own| (own["path"].as_str().unwrap(), own["users"].clone()))
        .collect();
    let users = |effect: &str, count: u64| json!({"effect": effect, "count": count});
    assert_eq!(
        counts,
        [
            // `a` has it; `b`, `c` and `free` have written enough.
            ("achievements.novelist", users("complete", 3)),
            ("achievements.blue", users("complete", 2)),
            ("achievements.both", users("complete", 2)),
            ("achievements.tour", users("complete", 0)),
            ("points.xp", Value::Null),
            ("points.xp.triggers (metric words)", users("paid", 4)),
            ("points.xp.triggers (achievement novelist)", users("paid", 4)),
            ("points.xp.triggers (user creation)", users("paid", 0)),
            ("points.xp.triggers (streak of 3)", users("paid", 0)),
        ]
    );
    // Nothing happened; applied, it comes out as it was counted.
    let achievements = || async { world.get("/v1/achievements").await.json(StatusCode::OK) };
    let completed = |all: &Value, name: &str| {
        let all = all.as_array().unwrap().iter();
        all.clone().find(|own| own["name"] == name).map(|own| own["completions"].clone())
    };
    assert_eq!(completed(&achievements().await, "Novelist"), Some(json!(1)));
    differences(&world, "/apply", &file).await;
    world.clock("2026-01-06T04:00:00Z").await;
    let after = achievements().await;
    let counts = ["Novelist", "Blue", "Both"].map(|name| completed(&after, name));
    assert_eq!(counts, [Some(json!(4)), Some(json!(2)), Some(json!(2))]);
    let removed = differences(&world, "/plan", "").await;
    let removed = removed.as_array().unwrap().iter();
    let novelist = removed.clone().find(|own| own["path"] == "achievements.novelist").unwrap();
    assert_eq!(
        (&novelist["change"], &novelist["users"]),
        (&json!("removed"), &users("completed", 4))
    );
}

// C-CAT-05 C-CAT-06
#[tokio::test]
async fn a_refused_file_changes_nothing() {
    let world = World::new().await;
    let before = export(&world).await;
    let wrong = [
        ("[metrics.x]\nnmae = \"X\"\n".to_owned(), "catalog.toml:2:1: unknown field `nmae`"),
        ("\u{feff}\u{0}".to_owned(), "catalog.toml:1:"),
        (
            before
                .replace("Words", "Pages")
                .replace("name = \"Novelist\"", "status = \"inactive\"\nname = \"N\""),
            "Cannot change status from active to inactive",
        ),
        (
            before
                .replace("[achievements.toured]", "[achievements.other]")
                .replace("api = true", "api = \"toured\""),
            "Key already in use by another achievement",
        ),
    ];
    for (file, expected) in wrong {
        for path in ["/plan", "/apply?prune=true"] {
            let message = send(&world, path, &file).await.error(StatusCode::UNPROCESSABLE_ENTITY);
            assert!(message.contains(expected), "{message}");
        }
    }
    let named = send(&world, "/plan?file=my%20file.toml", "x = 1").await;
    let message = named.error(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(message.starts_with("my file.toml:1:1: unknown field `x`"), "{message}");
    let shorter = before.replace("[metrics.quizzes]\nname = \"Quizzes\"\n\n", "");
    let message = send(&world, "/apply", &shorter).await.error(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        message,
        "The file leaves out what exists; only with prune is it deleted: metrics.quizzes"
    );
    assert_eq!(export(&world).await, before);
    let pruned = differences(&world, "/apply?prune=true", &shorter).await;
    assert_eq!(
        (&pruned[0]["path"], &pruned[0]["change"]),
        (&json!("metrics.quizzes"), &json!("removed"))
    );
    assert_eq!(export(&world).await, shorter);
}

#[tokio::test]
async fn only_utf8_text_of_limited_size_is_read() {
    let world = World::empty().await;
    let request = |body: Body| {
        let request = Request::builder().method(Method::POST).uri("/admin/v1/catalog/plan");
        request.header("X-API-KEY", KEY).body(body).unwrap()
    };
    let binary = world.send(request(Body::from(vec![0xff, 0xfe]))).await;
    assert_eq!(binary.error(StatusCode::BAD_REQUEST), "Request body is not UTF-8 text");
    let long = "#".repeat(crate::world::BODY_BYTES_MAX + 1);
    let long = world.send(request(Body::from(long))).await;
    long.error(StatusCode::PAYLOAD_TOO_LARGE);
}

// C-CAT-02
#[tokio::test]
async fn keys_stay_when_names_change() {
    let world = World::new().await;
    let item =
        json!({"name": "Novelist", "trigger": "streak", "streakLength": 3, "status": "active"});
    let created = create(&world, "/achievements", json!([item])).await;
    let id = created["created"][0]["id"].clone();
    assert!(
        export(&world)
            .await
            .contains("[achievements.novelist-2]\nname = \"Novelist\"\nstreak_length = 3")
    );
    update(&world, "/achievements", json!([{"id": id, "name": "Steady"}])).await;
    let file = export(&world).await;
    assert!(file.contains("[achievements.novelist-2]\nname = \"Steady\""), "{file}");
    differences(&world, "/apply", &file.replace("Steady", "Steadier")).await;
    let named = read(&world, &format!("/achievements/{}", id.as_str().unwrap())).await;
    assert_eq!(named["name"], "Steadier");
}
