//! The life of a synthetic person: signs in, is believed by everybody who checks tokens, stays, leaves, and is gone.

use std::net::Ipv6Addr;

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::accounts::synthetic::Synthetic;
use shared::app::App;
use shared::context::RequestContext;
use shared::error::Error;
use shared::keys::jwk::PublicJwk;
use shared::secret::SecretText;
use shared::tokens::access;
use shared::{id, random};

use super::aws::{Invoked, Lambda};
use super::check::Versions;

/// Why new versions must not serve anybody.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{function} answered {found}, not {expected}")]
    Unexpected { function: &'static str, found: String, expected: &'static str },
    #[error(transparent)]
    Dependency(#[from] Error),
    #[error("it took too long")]
    TooLong,
}

type Step<T> = Result<T, Fault>;

/// A key of the published set.
#[derive(Deserialize)]
struct Published {
    kid: String,
    #[serde(flatten)]
    public: PublicJwk,
}

/// An answer, taken apart.
struct Answer {
    function: &'static str,
    status: u64,
    body: Value,
}

impl Answer {
    /// # Errors
    /// Says what was answered instead: status and code, never a token.
    fn expect(self, status: u64, expected: &'static str) -> Step<Self> {
        match self.status == status {
            true => Ok(self),
            false => Err(self.unexpected(expected)),
        }
    }

    /// # Errors
    /// As [`Self::expect`].
    fn refused(self, code: &str, expected: &'static str) -> Step<()> {
        match self.body["code"] == code && self.status == 401 {
            true => Ok(()),
            false => Err(self.unexpected(expected)),
        }
    }

    fn unexpected(&self, expected: &'static str) -> Fault {
        let [code, request] = ["code", "requestId"].map(|name| self.body[name].as_str().unwrap_or("none"));
        let found = format!("{} (code {code}, request {request})", self.status);
        Fault::Unexpected { function: self.function, found, expected }
    }

    /// A token that the answer brings.
    fn token(&self, name: &str) -> Step<SecretText> {
        let token = self.body[name].as_str().ok_or_else(|| self.unexpected("one with a token"))?;
        Ok(SecretText::new(token.to_owned()))
    }
}

/// Calls the new versions as API Gateway would.
struct Gateway<'a> {
    lambda: &'a Lambda,
    ctx: &'a RequestContext,
    host: String,
}

/// Lives it to its end.
///
/// # Errors
/// The first thing that is not as it should be.
pub(super) async fn live(
    app: &App,
    ctx: &RequestContext,
    lambda: &Lambda,
    versions: &Versions,
    account: &Synthetic,
) -> Step<()> {
    let host = app.settings.public_url.split_once("://").map_or("", |(_, host)| host).to_owned();
    let gateway = Gateway { lambda, ctx, host };
    let sign_in = |password: &str| json!({ "email": account.record.email.as_str(), "password": password, "tokenDelivery": "body" });

    let right = gateway.post("auth-login", &versions.login, "/auth/login", &sign_in(account.password.expose())).await?;
    let signed_in = right.expect(200, "a sign-in")?;
    let (first, refresh) = (signed_in.token("accessToken")?, signed_in.token("refreshToken")?);
    is_believed(app, &gateway, versions, account, &first).await?;

    // A token younger than a minute is kept, so this may or may not bring another.
    let presented = json!({ "refreshToken": refresh.expose() });
    let refreshed = gateway.post("auth-refresh", &versions.refresh, "/auth/refresh", &presented).await?;
    let refreshed = refreshed.expect(200, "a new access token")?;
    let access = refreshed.token("accessToken")?;
    let refresh = if refreshed.body["rotated"] == true { refreshed.token("refreshToken")? } else { refresh };
    is_believed(app, &gateway, versions, account, &access).await?;

    let left = gateway.call("auth-logout", &versions.logout, Method::POST, "/auth/logout", Some(&access), None).await?;
    left.expect(204, "a sign-out")?;
    for token in [&first, &access] {
        gateway.ask(versions, token).await?.refused("session_revoked", "a session that has ended")?;
        is_authorized(&gateway, versions, token, false).await?;
    }
    let presented = json!({ "refreshToken": refresh.expose() });
    let refreshed = gateway.post("auth-refresh", &versions.refresh, "/auth/refresh", &presented).await?;
    refreshed.refused("session_revoked", "a session that has ended")?;

    // Last, since where one failure is enough the next sign-in would need a CAPTCHA.
    let wrong = gateway.post("auth-login", &versions.login, "/auth/login", &sign_in("not the password")).await?;
    wrong.refused("invalid_credentials", "a refusal of a password that is not theirs")
}

/// Whoever has our public keys, whoever asks us, and the authorizer: all take the token for the account's.
async fn is_believed(
    app: &App,
    gateway: &Gateway<'_>,
    versions: &Versions,
    account: &Synthetic,
    token: &SecretText,
) -> Step<()> {
    const JWKS: &str = "keys-jwks";
    let keys = gateway.call(JWKS, &versions.jwks, Method::GET, "/.well-known/jwks.json", None, None).await?;
    let keys = keys.expect(200, "the public keys")?;
    let published: Vec<Published> =
        serde_json::from_value(keys.body["keys"].clone()).map_err(|_| keys.unexpected("keys that can be read"))?;
    let key = |kid: &str| published.iter().find(|key| key.kid == kid).map(|key| key.public.clone());
    let claims = access::verify_by(app, token.expose(), key, gateway.ctx.now);
    if claims.is_none_or(|claims| claims.sub != account.record.user_id) {
        return Err(keys.unexpected("a key under which the token is the account's"));
    }
    let asked = gateway.ask(versions, token).await?.expect(200, "a token that is good")?;
    if asked.body["userId"] != account.record.user_id.to_string() {
        return Err(asked.unexpected("the account that signed in"));
    }
    is_authorized(gateway, versions, token, true).await
}

/// What the authorizer lets pass.
async fn is_authorized(gateway: &Gateway<'_>, versions: &Versions, token: &SecretText, expected: bool) -> Step<()> {
    let event =
        json!({ "version": "2.0", "type": "REQUEST", "identitySource": [format!("Bearer {}", token.expose())] });
    let answer = gateway.invoke("authorizer", &versions.authorizer, &event).await?;
    if answer["isAuthorized"] == expected {
        return Ok(());
    }
    let found = format!("isAuthorized {}", answer["isAuthorized"]);
    Err(Fault::Unexpected { function: "authorizer", found, expected: "what verify-token says" })
}

impl Gateway<'_> {
    async fn post(&self, function: &'static str, version: &str, path: &str, body: &Value) -> Step<Answer> {
        self.call(function, version, Method::POST, path, None, Some(body)).await
    }

    async fn ask(&self, versions: &Versions, token: &SecretText) -> Step<Answer> {
        let version = &versions.verify_token;
        self.call("auth-verify-token", version, Method::GET, "/auth/verify-token", Some(token), None).await
    }

    /// One request: API Gateway's event (payload 2.0) to a function, and its answer.
    async fn call(
        &self,
        function: &'static str,
        version: &str,
        method: Method,
        path: &str,
        token: Option<&SecretText>,
        body: Option<&Value>,
    ) -> Step<Answer> {
        let now = self.ctx.now;
        let route = format!("{method} {path}");
        let mut event = json!({
            "version": "2.0",
            "routeKey": route,
            "rawPath": path,
            "rawQueryString": "",
            "headers": { "host": self.host, "user-agent": AGENT },
            // Without the id of an API: nobody came through one.
            "requestContext": {
                "accountId": "deploy-check",
                "domainName": self.host,
                "domainPrefix": self.host.split('.').next(),
                "http": {
                    "method": method.as_str(),
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": nowhere().to_string(),
                    "userAgent": AGENT,
                },
                "requestId": id::fresh(now),
                "routeKey": route,
                "stage": "$default",
                "time": now.to_string(),
                "timeEpoch": now.millis(),
            },
            "isBase64Encoded": false,
        });
        if let Some(token) = token {
            event["headers"]["authorization"] = format!("Bearer {}", token.expose()).into();
        }
        if let Some(body) = body {
            event["headers"]["content-type"] = "application/json".into();
            event["body"] = body.to_string().into();
        }
        let answer = self.invoke(function, version, &event).await?;
        let body = answer["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        Ok(Answer { function, status: answer["statusCode"].as_u64().unwrap_or_default(), body })
    }

    async fn invoke(&self, function: &'static str, version: &str, event: &Value) -> Step<Value> {
        match self.lambda.invoke(version, event).await? {
            Invoked::Answered(answer) => Ok(answer),
            Invoked::Failed(kind) => {
                Err(Fault::Unexpected { function, found: format!("failed with {kind}"), expected: "an answer" })
            }
        }
    }
}

const AGENT: &str = "postern-deploy-check";

/// An address that nobody has (RFC 3849), another for each request: limits on callers must neither stop the check nor be
/// used up by it.
fn nowhere() -> Ipv6Addr {
    let [a, b, c, d, e, f, g, h] = random::bytes();
    let part = |high, low| u16::from_be_bytes([high, low]);
    Ipv6Addr::new(0x2001, 0xdb8, part(a, b), part(c, d), part(e, f), part(g, h), 0, 1)
}
