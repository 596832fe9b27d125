//! Webhook events in the OpenAPI document: one entry per type that is sent. (C-API-04, C-WH-09)

use domain::webhook::WebhookEvent;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem, PathsBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Content, Ref, Required, Response, Schema};
use utoipa::{Modify, OpenApi};

use super::{
    AchievementFields, BoostFields, ConsumedFields, EarnedFields, LevelFields, LostFields,
    PointsFields, RankFields, RankingFields, StreakFields,
};

/// What the types have beside `type`.
#[derive(OpenApi)]
#[openapi(components(schemas(
    AchievementFields,
    StreakFields,
    LostFields,
    ConsumedFields,
    EarnedFields,
    PointsFields,
    LevelFields,
    BoostFields,
    RankingFields,
    RankFields,
)))]
struct Bodies;

/// Adds the events to a document.
pub struct WebhookEvents;

impl Modify for WebhookEvents {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        document.merge(Bodies::openapi());
        let described = WebhookEvent::ALL.iter().filter_map(|event| {
            let (name, (fields, summary)) = (event.as_str(), fields_of(*event)?);
            Some((name, PathItem::new(HttpMethod::Post, operation(name, fields, summary))))
        });
        let paths =
            described.fold(PathsBuilder::new(), |paths, (name, item)| paths.path(name, item));
        document.webhooks = Some(paths.build());
    }
}

fn operation(name: &str, fields: &str, summary: &str) -> OperationBuilder {
    let kind = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([name]));
    let kind = ObjectBuilder::new().property("type", kind).required("type");
    let body = AllOfBuilder::new().item(kind).item(Ref::from_schema_name(fields)).build();
    let body = RequestBodyBuilder::new()
        .content("application/json", Content::new(Some(Schema::AllOf(body))))
        .required(Some(Required::True));
    OperationBuilder::new()
        .operation_id(Some(format!("webhooks_{}", name.replace('.', "_"))))
        .summary(Some(summary))
        .request_body(Some(body.build()))
        .response("200", Response::new("Any status from 200 to 299 says that it was received."))
}

/// The schema of a type's fields, and when it is sent; none if nothing sends it yet.
const fn fields_of(event: WebhookEvent) -> Option<(&'static str, &'static str)> {
    Some(match event {
        WebhookEvent::AchievementCompleted => {
            ("AchievementFields", "A user completed an achievement.")
        }
        WebhookEvent::LeaderboardStarted => ("RankingFields", "A run of a leaderboard begins."),
        WebhookEvent::LeaderboardChanged => {
            ("RankingFields", "A ranking changed; at most once in 15 minutes.")
        }
        WebhookEvent::LeaderboardFinished => ("RankingFields", "A run of a leaderboard is final."),
        WebhookEvent::LeaderboardRankChanged => {
            ("RankFields", "A user's rank changed; at most once in 15 minutes.")
        }
        WebhookEvent::PointsChanged => {
            ("PointsFields", "A user's points changed; at most once in 15 minutes.")
        }
        WebhookEvent::PointsLevelChanged => ("LevelFields", "A user came to another level."),
        WebhookEvent::PointsBoostStarted => ("BoostFields", "A boost begins."),
        WebhookEvent::PointsBoostFinished => ("BoostFields", "A boost is over."),
        WebhookEvent::StreakStarted => ("StreakFields", "A streak began."),
        WebhookEvent::StreakExtended => ("StreakFields", "A streak grew."),
        WebhookEvent::StreakLost => ("LostFields", "A streak ended."),
        WebhookEvent::StreakFreezeConsumed => ("ConsumedFields", "A freeze saved a streak."),
        WebhookEvent::StreakFreezeEarned => ("EarnedFields", "Freezes were earned or granted."),
        WebhookEvent::EmailsRecapDue
        | WebhookEvent::EmailsReactivationDue
        | WebhookEvent::EmailsStreakReminderDue
        | WebhookEvent::EmailsAchievementDue => return None,
    })
}
