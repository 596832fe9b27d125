//! `/v1/openapi` and `/admin/v1/openapi`

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::world::World;

// C-API-04
#[tokio::test]
async fn both_documents_are_served_without_a_key() {
    let world = World::empty().await;
    for (path, known) in
        [("/v1/openapi", "/metrics/{key}/event"), ("/admin/v1/openapi", "/attributes/{id}")]
    {
        let answer = world.send(Request::builder().uri(path).body(Body::empty()).unwrap()).await;
        let document = answer.json(StatusCode::OK);
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        assert!(document["paths"].get(known).is_some());
        assert_eq!(document["components"]["securitySchemes"]["ApiKeyAuth"]["name"], "X-API-KEY");
    }
}
