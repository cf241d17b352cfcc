//! Somebody's sessions: the list of devices, and signing them out (SESS-1, SESS-2; SECURITY.md B6, F47).

use reqwest::RequestBuilder;
use reqwest::header::{HeaderValue, USER_AGENT};
use serde_json::{Value, json};
use shared::clock::Timestamp;
use shared::id::{SessionId, UserId};
use shared::secret::TokenHash;
use shared::store::SessionRecord;
use shared::tokens::rotation::Family;
use tests::{Answer, Browser, Native, PASSWORD, TestApp, at_once};

const ADA: &str = "ada@example.com";
const EVE: &str = "eve@example.com";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";

/// The same request from another browser.
fn in_firefox(request: RequestBuilder) -> RequestBuilder {
    request.headers([(USER_AGENT, HeaderValue::from_static(FIREFOX))].into_iter().collect())
}

async fn call(native: &Native<'_>, method: &str, path: &str) -> Answer {
    Answer::to(native.app.request(method, path).bearer_auth(&native.access)).await
}

async fn list(native: &Native<'_>) -> Vec<Value> {
    let answer = call(native, "GET", "/user/sessions").await.expect(200);
    answer.body["sessions"].as_array().unwrap().clone()
}

async fn end(native: &Native<'_>, id: &str) -> Answer {
    call(native, "DELETE", &format!("/user/sessions/{id}")).await
}

fn id(native: &Native<'_>) -> String {
    native.session["id"].as_str().unwrap().to_owned()
}

fn ids(sessions: &[Value]) -> Vec<&str> {
    sessions.iter().map(|session| session["id"].as_str().unwrap()).collect()
}

/// Everything but the trail, and when sessions were last active.
async fn state(app: &TestApp) -> Vec<Vec<Value>> {
    let mut state = Vec::new();
    for table in ["users", "logins", "sessions"] {
        let mut items = app.table(table).await;
        items.iter_mut().for_each(|item| drop(item.as_object_mut().unwrap().remove("seen_at")));
        state.push(items);
    }
    state
}

/// The operations that a request asked of AWS and that write.
async fn writes(app: &TestApp, answer: &Answer) -> Vec<String> {
    let calls = app.calls_of(answer).await;
    let names = calls["calls"].as_array().unwrap().iter().map(|call| call["operation"].as_str().unwrap().to_owned());
    names.filter(|name| !matches!(name.as_str(), "GetItem" | "Query" | "Sign" | "Decrypt")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_1_and_2_a_list_tells_of_each_device_what_its_owner_knows_it_by() {
    let app = TestApp::start().await;
    let native = app.native(ADA).await;
    app.advance(10);
    let body = json!({ "email": ADA, "password": PASSWORD, "tokenDelivery": "body" });
    let request = app.request_from("203.0.113.7", "POST", "/auth/login").json(&body);
    let other = Answer::to(in_firefox(request)).await.expect(200).body["session"]["id"].clone();

    let sessions = list(&native).await;
    assert_eq!(sessions.len(), 2);
    let (newest, own) = (&sessions[0], &sessions[1]);
    assert_eq!(newest["id"], other);
    assert_eq!((&newest["current"], &own["current"]), (&json!(false), &json!(true)));
    let device = json!({ "name": "Firefox on Linux", "browser": "Firefox", "os": "Linux", "type": "desktop" });
    assert_eq!(newest["device"], device);
    assert_eq!(own["device"], json!({ "name": "test", "browser": null, "os": null, "type": "other" }));
    assert_eq!((&newest["ip"], &newest["amr"]), (&json!("203.0.113.0/24"), &json!(["pwd"])));
    assert!(newest.get("place").is_none());
    assert_eq!(newest["createdAt"], newest["authTime"]);
    assert_eq!(newest["lastActiveAt"], newest["createdAt"]);
    assert!(own["lastActiveAt"].as_str() > own["createdAt"].as_str(), "{own}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_1_a_place_is_believed_of_an_edge_that_is_declared_and_of_nobody_else() {
    for (edge, city, country, place) in [
        ("cloudfront", "Berlin", "DE", json!("Berlin, DE")),
        ("cloudfront", "", "DE", json!("DE")),
        ("cloudfront", "visit http://evil.example", "DE", json!("visit http evil example, DE")),
        ("cloudfront", "Berlin", "Germany", Value::Null),
        ("", "Berlin", "DE", Value::Null),
    ] {
        let app = TestApp::with(&[("Edge", edge)]).await;
        app.account(ADA).await;
        let request = app.request("POST", "/auth/login").header("cloudfront-viewer-city", city);
        let request = request.header("cloudfront-viewer-country", country);
        Answer::to(request.json(&json!({ "email": ADA, "password": PASSWORD }))).await.expect(200);
        let sessions = list(&Native::sign_in(&app, ADA).await).await;
        assert_eq!(sessions[1].get("place").cloned().unwrap_or_default(), place, "{edge} {city} {country}");
    }
}

/// The notices of new devices among an address's mails.
async fn notices(app: &TestApp) -> Vec<String> {
    app.outbox_is_empty().await;
    app.mails(ADA).into_iter().filter(|mail| mail.starts_with("Postern: a new device signed in")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_3_a_device_that_is_new_to_the_account_is_told_of_and_the_first_is_not() {
    let app = TestApp::with(&[("Edge", "cloudfront")]).await;
    app.account(ADA).await;
    let mut first = Browser::sign_in(&app, ADA).await;
    first.log_in_from("192.0.2.1", ADA, PASSWORD).await.expect(200);
    assert_eq!(notices(&app).await, Vec::<String>::new());

    // A wrong password tells nobody of a device.
    app.log_in(ADA, "wrong").await.refused(401, "invalid_credentials");
    let request = app.request_from("203.0.113.7", "POST", "/auth/login");
    let request =
        in_firefox(request).header("cloudfront-viewer-city", "Berlin").header("cloudfront-viewer-country", "DE");
    Answer::to(request.json(&json!({ "email": ADA, "password": PASSWORD }))).await.expect(200);
    let told = notices(&app).await;
    assert_eq!(told.len(), 1);
    for fact in ["203.0.113.7", "Firefox on Linux", "Berlin, DE", "/forgot-password"] {
        assert!(told[0].contains(fact), "{fact} in {}", told[0]);
    }
    assert!(!told[0].contains("token="));
    first.log_in_from("192.0.2.2", ADA, PASSWORD).await.expect(200);
    assert_eq!(notices(&app).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_3_a_cookie_of_another_account_makes_no_device_known() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    Browser::sign_in(&app, ADA).await;
    let mut eve = app.browser(EVE).await;
    eve.log_in_from("192.0.2.1", ADA, PASSWORD).await.expect(200);
    assert_eq!(notices(&app).await.len(), 1);
    eve.log_in_from("192.0.2.1", ADA, PASSWORD).await.expect(200);
    assert_eq!(notices(&app).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_3_a_notice_is_sent_if_and_only_if_the_session_starts() {
    let app = TestApp::start().await;
    app.native(ADA).await;
    app.fault(json!({ "service": "dynamodb", "operation": "TransactWriteItems", "kind": "error" })).await;
    app.log_in(ADA, PASSWORD).await.refused(503, "unavailable");
    app.no_faults();
    assert_eq!(notices(&app).await, Vec::<String>::new());
    assert_eq!(app.table("sessions").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_110_one_session_is_ended_and_the_others_live() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    let mut natives = Vec::new();
    for _ in 0..3 {
        natives.push(Native::sign_in(&app, ADA).await);
        app.advance(1);
    }
    let eve = app.native(EVE).await;
    assert_eq!(ids(&list(&natives[0]).await), [id(&natives[2]), id(&natives[1]), id(&natives[0])]);
    assert_eq!(ids(&list(&eve).await), [id(&eve)]);

    let answer = end(&natives[0], &id(&natives[1])).await.expect(204);
    assert!(!answer.headers.contains_key("set-cookie"));
    natives[1].verify(&natives[1].access).await.refused(401, "session_revoked");
    natives[1].present(&natives[1].refresh).await.refused(401, "session_revoked");
    for native in [&natives[0], &natives[2], &eve] {
        native.verify(&native.access).await.expect(200);
    }
    assert_eq!(ids(&list(&natives[0]).await), [id(&natives[2]), id(&natives[0])]);
    assert_eq!((app.count("UserLogout").await, app.count("RefreshTokenRevoked").await), (1, 1));
    end(&natives[0], &id(&natives[1])).await.refused(404, "not_found");
    assert_eq!(app.count("UserLogout").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_110_ending_the_own_session_signs_out() {
    let app = TestApp::start().await;
    let mut browser = app.browser(ADA).await;
    let id = browser.get("/auth/verify-token").await.expect(200).text_of("sessionId");
    let answer = browser.send("DELETE", &format!("/user/sessions/{id}"), &json!({})).await.expect(204);
    assert!(answer.header("clear-site-data").contains("storage"));
    let left: Vec<&String> = browser.cookies.keys().collect();
    assert_eq!(left, ["postern_v1_device"]);
    browser.get("/user/sessions").await.refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_111_another_persons_session_looks_like_none_and_stays() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.native(ADA).await, app.native(EVE).await);
    let before = state(&app).await;
    let unknown = SessionId::new(Timestamp::from_seconds(1_800_000_000)).to_string();
    let foreign = end(&eve, &id(&ada)).await.refused(404, "not_found");
    let none = end(&eve, &unknown).await.refused(404, "not_found");
    let unlike = |answer: &Answer| {
        let mut body = answer.body.clone();
        drop(body.as_object_mut().unwrap().remove("requestId"));
        body
    };
    assert_eq!(unlike(&foreign), unlike(&none));
    for odd in ["x", "%00", "..", &id(&ada).to_uppercase(), &format!("{}%20", id(&ada)), "%C3%A9"] {
        assert_eq!(end(&eve, odd).await.status, 404, "{odd}");
    }
    assert_eq!(state(&app).await, before);
    ada.verify(&ada.access).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_111_sessions_that_have_ended_are_neither_listed_nor_ended_again() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    let (signed_out, everywhere) = (Native::sign_in(&app, ADA).await, Native::sign_in(&app, ADA).await);
    signed_out.logout().await.expect(204);
    Answer::to(app.request("POST", "/auth/logout?all=true").bearer_auth(&everywhere.access)).await.expect(204);
    let idle = Native::sign_in(&app, ADA).await;
    app.advance(7 * 86_400);
    let native = Native::sign_in(&app, ADA).await;
    assert_eq!(ids(&list(&native).await), [id(&native)]);
    for ended in [&signed_out, &everywhere, &idle] {
        end(&native, &id(ended)).await.refused(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_2_all_others_end_and_this_one_goes_on() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    let eve = app.native(EVE).await;
    let (mut native, other) = (Native::sign_in(&app, ADA).await, Browser::sign_in(&app, ADA).await);
    app.advance(61);
    let answer = call(&native, "DELETE", "/user/sessions").await.expect(200);
    assert_eq!(answer.body["revoked"], 1);
    other.get("/user/me").await.refused(401, "session_revoked");
    eve.verify(&eve.access).await.expect(200);

    // The old access token is of the version before; the new one and the refresh token are good.
    native.verify(&native.access).await.refused(401, "token_expired");
    let old = std::mem::replace(&mut native.access, answer.text_of("accessToken"));
    let claims = native.verify(&native.access).await.expect(200);
    // A token tells whole seconds.
    let seconds = |time: &Value| time.as_str().unwrap()[..19].to_owned();
    let (kept, was) = (seconds(&claims.body["authTime"]), seconds(&native.session["authTime"]));
    assert_eq!(kept, was, "nobody has shown who they are just now");
    assert_eq!(ids(&list(&native).await), [id(&native)]);
    native.refresh().await;
    native.verify(&old).await.refused(401, "token_expired");
    assert_eq!(call(&native, "DELETE", "/user/sessions").await.expect(200).body["revoked"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_2_a_browser_keeps_its_sign_in_when_the_others_end() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    let (mut browser, native) = (Browser::sign_in(&app, ADA).await, Native::sign_in(&app, ADA).await);
    let bare = Answer::to(browser.request("DELETE", "/user/sessions")).await;
    bare.refused(403, "csrf_invalid");
    native.verify(&native.access).await.expect(200);
    let answer = browser.send("DELETE", "/user/sessions", &json!({})).await.expect(200);
    assert_eq!(answer.body["revoked"], 1);
    assert!(answer.body.get("accessToken").is_none());
    browser.get("/user/me").await.expect(200);
    native.verify(&native.access).await.refused(401, "session_revoked");
    app.advance(61);
    browser.post("/auth/refresh").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sess_2_of_two_devices_that_end_each_other_one_stays() {
    let app = TestApp::start().await;
    app.account(ADA).await;
    let sessions = [Native::sign_in(&app, ADA).await, Native::sign_in(&app, ADA).await];
    let requests = sessions.iter().map(|native| app.request("DELETE", "/user/sessions").bearer_auth(&native.access));
    let requests: Vec<_> = requests.collect();
    let answers = at_once(2, |i| Answer::to(requests[i].try_clone().unwrap())).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(won, 1, "{answers:?}");
    let lost = answers.iter().find(|answer| answer.status != 200).unwrap();
    assert!(matches!(lost.code(), "unavailable" | "session_revoked" | "token_expired"), "{}", lost.text);
    let users = app.table("users").await;
    let version = &users.iter().find(|user| user["email"] == ADA).unwrap()["token_version"];
    let live = app.table("sessions").await.iter().filter(|session| session["token_version"] == *version).count();
    assert_eq!(live, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f47_five_thousand_sessions_end_by_one_transaction() {
    let app = TestApp::start().await;
    let native = app.native(ADA).await;
    let user: UserId = native.session["userId"].as_str().unwrap().parse().unwrap();
    let users = app.table("users").await;
    let version = users.iter().find(|found| found["email"] == ADA).unwrap()["token_version"].as_f64().unwrap() as u32;
    seed(&app, user, version, 5_000).await;

    let listed = list(&native).await;
    assert_eq!(listed.len(), 200, "the newest, and this one");
    assert!(listed.iter().any(|session| session["current"] == true));

    let answer = call(&native, "DELETE", "/user/sessions").await.expect(200);
    assert_eq!(answer.body["revoked"], 5_000);
    assert_eq!(writes(&app, &answer).await, ["TransactWriteItems"]);
    let native = Native { access: answer.text_of("accessToken"), ..native };
    assert_eq!(ids(&list(&native).await), [id(&native)]);
}

/// Sessions as sign-ins leave them.
async fn seed(app: &TestApp, user: UserId, version: u32, count: usize) {
    let functions = app.stack.app();
    let (store, rules) = (&functions.store, &functions.settings.sessions);
    let now = app.stack.clock().now();
    for batch in (0..count).collect::<Vec<_>>().chunks(100) {
        let mut change = store.transaction();
        for i in batch {
            let session = SessionRecord {
                user_id: user,
                session_id: SessionId::new(now),
                family: Family::begin(TokenHash::of(&i.to_be_bytes()), now, rules),
                secret_version: 1,
                token_version: version,
                auth_time: now,
                amr: vec!["pwd".to_owned()],
                user_agent: FIREFOX.to_owned(),
                network: Some("203.0.113.0/24".to_owned()),
                place: None,
                seen_at: None,
            };
            change = change.create_session(&session).unwrap();
        }
        assert!(change.commit().await.unwrap().is_done());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_117_activity_is_written_once_a_minute_at_most_and_by_changes_only() {
    let app = TestApp::start().await;
    app.stack.clock().stop();
    let native = app.native(ADA).await;
    let other = Native::sign_in(&app, ADA).await;
    let unknown = SessionId::new(Timestamp::from_seconds(1_800_000_000)).to_string();
    let mut noted = 0;
    for second in 0..200 {
        app.advance(1);
        let read = call(&native, "GET", "/user/sessions").await.expect(200);
        assert_eq!(writes(&app, &read).await, Vec::<String>::new());
        let changing = end(&native, &unknown).await.refused(404, "not_found");
        let count = writes(&app, &changing).await.iter().filter(|name| *name == "UpdateItem").count();
        assert!(count <= 1, "second {second}");
        noted += count;
    }
    assert!((3..=4).contains(&noted), "{noted} writes in 200 seconds");
    let seen = list(&other).await;
    let of_native = seen.iter().find(|session| session["id"] == native.session["id"]).unwrap();
    let at = |member: &str| Timestamp::parse(of_native[member].as_str().unwrap()).unwrap();
    let age = app.stack.clock().now().since(at("lastActiveAt")).as_secs();
    assert!(age <= 60, "{of_native}");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_117_no_failing_note_of_activity_is_in_the_way() {
    let app = TestApp::start().await;
    let (native, other) = (app.native(ADA).await, Native::sign_in(&app, ADA).await);
    app.advance(61);
    app.fault(json!({ "service": "dynamodb", "operation": "UpdateItem", "kind": "error" })).await;
    end(&native, &id(&other)).await.expect(204);
    app.no_faults();
}
