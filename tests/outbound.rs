//! The transport of webhook attempts against a listener on loopback: what is contacted, and what of
//! an answer counts. Names are resolved by a table, so that they can lie.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accolade::outbound::address::{Guard, Lookup};
use accolade::outbound::webhook::HttpTransport;
use accolade::secrets::{MasterKey, WebhookSecret};
use actors::ports::{Post, Posted, WebhookTransport};
use domain::ids::{MessageId, WebhookId};
use domain::time::Timestamp;
use domain::webhook::AttemptResult;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use uuid::Uuid;

/// A listener that answers every request with `answer` and counts connections.
struct Target {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Target {
    async fn answering(answer: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let connections = Arc::<AtomicUsize>::default();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let (seen, heard) = (Arc::clone(&connections), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                seen.fetch_add(1, Ordering::SeqCst);
                let mut buffer = vec![0; 16 * 1024];
                let read = stream.read(&mut buffer).await.unwrap_or(0);
                heard
                    .lock()
                    .expect("not poisoned")
                    .push(String::from_utf8_lossy(&buffer[..read]).into_owned());
                // Whoever asked may have heard enough before the end.
                let _ = stream.write_all(answer).await;
            }
        });
        Self { address, connections, requests }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Answers each lookup with the next of these addresses, and with the last one for ever.
fn lying(addresses: &[&str]) -> Lookup {
    let addresses: Vec<SocketAddr> =
        addresses.iter().map(|ip| SocketAddr::new(ip.parse().expect("an address"), 0)).collect();
    let asked = AtomicUsize::new(0);
    Arc::new(move |_name| {
        let turn = asked.fetch_add(1, Ordering::SeqCst).min(addresses.len() - 1);
        let found = vec![addresses[turn]];
        Box::pin(async move { Ok(found) })
    })
}

struct Sender {
    transport: HttpTransport,
    key: MasterKey,
    secret: WebhookSecret,
}

impl Sender {
    fn new(allow_private: bool, lookup: Lookup) -> Self {
        let key = MasterKey::generate();
        let (guard, timeout) = (Guard { allow_private }, Duration::from_secs(30));
        let transport = HttpTransport::new(key.clone(), guard, timeout, lookup).expect("valid");
        Self { transport, key, secret: WebhookSecret::generate() }
    }

    async fn post(&self, url: String) -> Posted {
        let post = Post {
            url,
            secret: self.key.seal(&self.secret),
            payload: r#"{"type":"streak.lost"}"#.to_owned(),
            message: MessageId(Uuid::from_u128(1)),
            webhook: WebhookId(Uuid::from_u128(2)),
            number: 3,
            at: Timestamp::from_millis(1_772_452_800_999),
        };
        self.transport.post(post).await
    }
}

fn refused(posted: &Posted) -> bool {
    matches!(&posted.result, AttemptResult::Error(reason) if reason.contains("must not be contacted"))
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

// C-WH-21
#[tokio::test]
async fn a_name_that_changes_its_answer_reaches_nothing_forbidden() {
    let target = Target::answering(OK).await;
    let url = format!("http://rebound.example:{}/", target.address.port());
    // Public at first, then this machine: the connection uses the answer that was checked.
    let sender = Sender::new(false, lying(&["127.0.0.1", "93.184.216.34"]));
    assert!(refused(&sender.post(url.clone()).await));
    assert_eq!(target.connections(), 0);
    for forbidden in ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254"] {
        let sender = Sender::new(true, lying(&[forbidden]));
        assert!(refused(&sender.post(url.clone()).await), "{forbidden}");
    }
    let sender = Sender::new(true, lying(&["127.0.0.1"]));
    let posted = sender.post(url).await;
    assert_eq!(posted, Posted { result: AttemptResult::Status(200), response: "ok".to_owned() });
    assert_eq!(target.connections(), 1);
}

// C-WH-21
#[tokio::test]
async fn addresses_in_urls_are_checked_however_they_are_written() {
    let target = Target::answering(OK).await;
    let sender = Sender::new(false, lying(&["93.184.216.34"]));
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "017700000001", "[::1]", "[::ffff:127.0.0.1]"]
    {
        let posted = sender.post(format!("http://{host}:{}/", target.address.port())).await;
        assert!(refused(&posted), "{host}: {posted:?}");
    }
    assert_eq!(target.connections(), 0);
}

// C-WH-10 C-WH-11 C-WH-13
#[tokio::test]
async fn an_attempt_has_the_documented_headers() {
    let target = Target::answering(OK).await;
    let sender = Sender::new(true, lying(&["127.0.0.1"]));
    sender.post(format!("http://{}/hook", target.address)).await;
    let request = target.requests.lock().expect("not poisoned")[0].clone();
    let id = Uuid::from_u128(1).to_string();
    for expected in [
        "POST /hook HTTP/1.1\r\n".to_owned(),
        "content-type: application/json\r\n".to_owned(),
        format!("user-agent: accolade-webhooks/{}\r\n", env!("CARGO_PKG_VERSION")),
        format!("x-trophy-event-id: {id}\r\n"),
        format!("idempotency-key: {id}\r\n"),
        format!("webhook-id: {id}\r\n"),
        format!("x-trophy-webhook-id: {}\r\n", Uuid::from_u128(2)),
        "x-trophy-attempt: 3\r\n".to_owned(),
        "webhook-timestamp: 1772452800\r\n".to_owned(),
        "webhook-signature: v1,".to_owned(),
        "x-trophy-signature: ".to_owned(),
    ] {
        assert!(request.contains(&expected), "{expected} is not in {request}");
    }
    assert!(request.ends_with("\r\n\r\n{\"type\":\"streak.lost\"}"), "{request}");
}

// C-WH-14 C-WH-15
#[tokio::test]
async fn redirects_and_broken_answers_are_told_as_they_are() {
    let redirect: &[u8] =
        b"HTTP/1.1 308 Permanent Redirect\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n";
    let cases: [(&'static [u8], Option<u16>); 3] = [
        (redirect, Some(308)),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Some(204)),
        (b"nonsense", None),
    ];
    for (answer, status) in cases {
        let target = Target::answering(answer).await;
        let sender = Sender::new(true, lying(&["127.0.0.1"]));
        let posted = sender.post(format!("http://{}/", target.address)).await;
        match (posted.result, status) {
            (AttemptResult::Status(told), Some(status)) => assert_eq!(told, status),
            (AttemptResult::Error(reason), None) => assert!(!reason.is_empty()),
            (result, _) => panic!("{result:?}"),
        }
    }
    // Nothing listens on the port of a listener that is gone.
    let gone = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port")
        .local_addr()
        .expect("it is bound");
    let sender = Sender::new(true, lying(&["127.0.0.1"]));
    let posted = sender.post(format!("http://{gone}/")).await;
    let AttemptResult::Error(reason) = posted.result else { panic!("{posted:?}") };
    assert!(reason.contains("refused"), "{reason}");
}
