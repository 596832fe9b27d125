//! `POST /users` and `GET`, `PUT`, `PATCH /users/{id}`

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::World;

// C-USER-05 C-USER-14 C-USER-27 C-API-15
#[tokio::test]
async fn a_new_user_has_every_field() {
    let world = World::new().await;
    let user = world.post("/v1/users", json!({"id": "u"})).await.json(StatusCode::CREATED);
    assert_eq!(
        user,
        json!({"id": "u", "email": null, "name": null, "tz": null, "signUpDate": null, "deviceTokens": [],
               "subscribeToEmails": true, "attributes": {}, "control": false,
               "created": "2026-01-06T03:30:00.000Z", "updated": "2026-01-06T03:30:00.000Z"})
    );
    assert_eq!(world.post("/v1/users", json!({"id": "u"})).await.json(StatusCode::OK), user);
    assert_eq!(world.get("/v1/users/u").await.json(StatusCode::OK), user);
}

// C-USER-03 C-USER-04 C-USER-06 C-USER-07 C-ATTR-07
#[tokio::test]
async fn what_is_passed_changes_and_null_clears() {
    let world = World::new().await;
    let all = json!({"id": "ignored", "email": "ann@example.com", "name": "Ann", "tz": "europe/london",
                     "signUpDate": "2026-01-05T23:00:00-05:00", "deviceTokens": ["a", "b", "a"],
                     "attributes": {"plan": "pro"}});
    let user = world.request(Method::PUT, "/v1/users/u", Some(all)).await.json(StatusCode::OK);
    assert_eq!(user["id"], "u");
    assert_eq!((&user["tz"], &user["signUpDate"]), (&json!("Europe/London"), &json!("2026-01-06")));
    assert_eq!(
        (&user["deviceTokens"], &user["attributes"]),
        (&json!(["a", "b"]), &json!({"plan": "pro"}))
    );

    let same =
        world.request(Method::PATCH, "/v1/users/u", Some(json!({}))).await.json(StatusCode::OK);
    assert_eq!(same, user);

    let nulls = json!({"email": null, "name": null, "tz": null, "signUpDate": null, "deviceTokens": null,
                       "subscribeToEmails": null, "attributes": null});
    let user = world.request(Method::PATCH, "/v1/users/u", Some(nulls)).await.json(StatusCode::OK);
    for field in ["email", "name", "tz", "signUpDate"] {
        assert_eq!(user[field], Value::Null, "{field}");
    }
    assert_eq!((&user["deviceTokens"], &user["subscribeToEmails"]), (&json!([]), &json!(true)));
    assert_eq!(user["attributes"], json!({"plan": "pro"}));
    let removed = json!({"attributes": {"plan": null}});
    let user =
        world.request(Method::PATCH, "/v1/users/u", Some(removed)).await.json(StatusCode::OK);
    assert_eq!(user["attributes"], json!({}));
}

// C-USER-25 C-GEN-21
#[tokio::test]
async fn patch_creates_nobody() {
    let world = World::new().await;
    let answer = world.request(Method::PATCH, "/v1/users/u", Some(json!({"name": "Ann"}))).await;
    assert_eq!(answer.error(StatusCode::NOT_FOUND), "User not found");
    assert_eq!(world.get("/v1/users/u").await.error(StatusCode::NOT_FOUND), "User not found");
}

// C-USER-09 C-USER-11 C-USER-15 C-USER-17 C-USER-18 C-GEN-10
#[tokio::test]
async fn wrong_fields_leave_no_user_behind() {
    let world = World::new().await;
    for (body, message) in [
        (json!({"tz": "+02:00"}), "Invalid time zone: +02:00"),
        (json!({"tz": 1}), "tz must be a string"),
        (json!({"subscribeToEmails": true}), "email is required when subscribeToEmails is true"),
        (json!({"subscribeToEmails": "true"}), "subscribeToEmails must be a boolean"),
        (json!({"email": "nobody"}), "email must be an email address"),
        (json!({"signUpDate": "2026-01-07"}), "signUpDate must not be in the future"),
        (json!({"signUpDate": "soon"}), "signUpDate must be a date (YYYY-MM-DD)"),
        (json!({"deviceTokens": "t"}), "deviceTokens must be an array"),
        (json!({"attributes": {"plan": 1}}), "attributes.plan must be a string"),
        (json!({"attributes": []}), "attributes must be an object"),
        (json!([]), "body must be an object"),
    ] {
        for (method, path) in [(Method::PUT, "/v1/users/u"), (Method::PATCH, "/v1/users/u")] {
            // A PATCH is judged by its body before the user is looked up, except where the rules
            // need to know the user.
            let answer = world.request(method.clone(), path, Some(body.clone())).await;
            if method == Method::PUT {
                assert_eq!(answer.error(StatusCode::UNPROCESSABLE_ENTITY), message);
            } else {
                assert!(answer.status == 422 || answer.status == 404);
            }
        }
    }
    world.get("/v1/users/u").await.error(StatusCode::NOT_FOUND);
}

// C-API-17 C-GEN-04 C-USER-02
#[tokio::test]
async fn ids_in_paths_are_decoded_once() {
    let world = World::new().await;
    for (path, id) in [("a%2Fb", "a/b"), ("a%252Fb", "a%2Fb"), ("a+b", "a+b"), ("%C3%BC%20", "ü ")]
    {
        let user = world.request(Method::PUT, &format!("/v1/users/{path}"), Some(json!({}))).await;
        assert_eq!(user.json(StatusCode::OK)["id"], id);
    }
    for path in ["%FF".to_owned(), "u".repeat(256), "a%00b".to_owned()] {
        world.get(&format!("/v1/users/{path}")).await.error(StatusCode::UNPROCESSABLE_ENTITY);
    }
}

// C-USER-16 C-USER-26
#[tokio::test]
async fn tokens_are_the_full_set_and_no_alias_is_honoured() {
    let world = World::new().await;
    for tokens in [json!(["a", "b"]), json!(["c"]), json!([])] {
        let body = json!({"deviceTokens": tokens, "email": "a@b", "subscribedToEmails": false});
        let user = world.request(Method::PUT, "/v1/users/u", Some(body)).await;
        let user = user.json(StatusCode::OK);
        assert_eq!(user["deviceTokens"], tokens);
        assert_eq!((&user["email"], &user["subscribeToEmails"]), (&json!("a@b"), &json!(true)));
        assert!(user.get("subscribedToEmails").is_none());
    }
}
