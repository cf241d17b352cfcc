// Made from docs/openapi.json by `npm run api`. Do not edit.

export interface paths {
  "/.well-known/jwks.json": {
    /** Get the keys that verify access tokens */
    get: operations['jwks'];
  };
  "/.well-known/openid-configuration": {
    /** Get what verifiers start from */
    get: operations['discovery'];
  };
  "/admin/alert-channels": {
    /** See how people are told of alerts */
    get: operations['listAlertChannels'];
  };
  "/admin/alert-channels/{kind}": {
    /** Take a channel away */
    delete: operations['removeAlertChannel'];
    /** Let people be told of alerts */
    put: operations['setAlertChannel'];
  };
  "/admin/audit-logs": {
    /** Read the audit trail */
    get: operations['readAudit'];
  };
  "/admin/audit-logs/export": {
    /** Take a copy of a part of the audit trail */
    get: operations['exportAudit'];
  };
  "/admin/jobs": {
    /** Look at the scheduled jobs and their last runs */
    get: operations['jobs'];
  };
  "/admin/jobs/{name}": {
    /** Switch a job's schedule on or off */
    put: operations['switchJob'];
  };
  "/admin/metrics/logins": {
    /** See figures of sign-ins */
    get: operations['loginFigures'];
  };
  "/admin/metrics/sessions": {
    /** Read how many people are signed in, for how long and on what */
    get: operations['sessionFigures'];
  };
  "/admin/reports/compliance": {
    /** See what an auditor asks of the trail, the keys, the backups and the jobs */
    get: operations['complianceReport'];
  };
  "/admin/reports/security": {
    /** Go through what may be wrong with accounts and sessions */
    get: operations['securityChecklist'];
  };
  "/admin/sessions": {
    /** Find out who is signed in */
    get: operations['findSessions'];
  };
  "/admin/sessions/{userId}/{sessionId}": {
    /** Sign somebody's device out */
    delete: operations['endSessionOf'];
  };
  "/admin/unlock-account": {
    /** End the locks of somebody's account */
    post: operations['unlockAccount'];
  };
  "/admin/users/{id}/erase-audit": {
    /** Remove a person from the audit trail */
    post: operations['eraseAudit'];
  };
  "/admin/webhooks": {
    /** See who is told of events */
    get: operations['listWebhooks'];
    /** Let somebody be told of events */
    post: operations['createWebhook'];
  };
  "/admin/webhooks/{id}": {
    /** Tell somebody no more */
    delete: operations['deleteWebhook'];
  };
  "/admin/webhooks/{id}/deliveries": {
    /** See what was sent to a webhook */
    get: operations['listDeliveries'];
  };
  "/admin/webhooks/{id}/deliveries/{delivery}/redeliver": {
    /** Send something again */
    post: operations['redeliver'];
  };
  "/admin/webhooks/{id}/rotate-secret": {
    /** Give a webhook another secret */
    post: operations['rotateWebhookSecret'];
  };
  "/auth/csrf": {
    /** Get the CSRF token */
    get: operations['csrfToken'];
  };
  "/auth/login": {
    /** Sign in with e-mail address and password */
    post: operations['signIn'];
  };
  "/auth/logout": {
    /** Sign out */
    post: operations['signOut'];
  };
  "/auth/organizations/slug-available/{slug}": {
    /** Ask whether an organization's slug can be had */
    get: operations['slugAvailable'];
  };
  "/auth/password/change": {
    /** Change one's password */
    post: operations['changePassword'];
  };
  "/auth/password/forgot": {
    /** Ask for a mail with a link to choose a new password */
    post: operations['forgotPassword'];
  };
  "/auth/password/reset": {
    /** Choose a new password by the link in a mail */
    post: operations['resetPassword'];
  };
  "/auth/refresh": {
    /** Get a new access token */
    post: operations['refresh'];
  };
  "/auth/signup": {
    /** Open an account */
    post: operations['signUp'];
  };
  "/auth/unlock": {
    /** Unlock an account by the link in a mail */
    post: operations['unlock'];
  };
  "/auth/verify-email": {
    /** Verify an e-mail address */
    post: operations['verifyEmail'];
  };
  "/auth/verify-email/resend": {
    /** Ask for another verification mail */
    post: operations['resendVerification'];
  };
  "/auth/verify-token": {
    /** Ask whose access token it is */
    get: operations['verifyToken'];
    /** Ask whether an access token is good */
    head: operations['checkToken'];
  };
  "/health/auth": {
    /** Ask whether people can sign in */
    get: operations['health'];
  };
  "/metrics": {
    /** Read the metrics, for Prometheus */
    get: operations['metrics'];
  };
  "/openapi.json": {
    /** Get this document */
    get: operations['openapi'];
  };
  "/user/me": {
    /** Read one's profile */
    get: operations['me'];
  };
  "/user/sessions": {
    /** Sign all other devices out */
    delete: operations['endOtherSessions'];
    /** List the devices one is signed in on */
    get: operations['sessions'];
  };
  "/user/sessions/{id}": {
    /** Sign one device out */
    delete: operations['endSession'];
  };
}

export interface components {
  schemas: {
    /** What may be shown of a channel: its settings are secret. */
    AlertChannel: {
      host: string;
      kind: string;
      setAt: string;
      setBy: string;
    };
    /** What an administrator gives. No `Debug`: most of it is secret. */
    AlertChannelRequest: {
      botToken?: string | null;
      chatId?: string | null;
      routingKey?: string | null;
      /** Slack's incoming webhook; of the others another server that speaks their API, such as PagerDuty's in Europe. */
      url?: string | null;
    };
    /** All channels that are set up. */
    AlertChannels: {
      channels: components['schemas']['AlertChannel'][];
    };
    /** Who did it; one of the three is there. */
    AuditActor: {
      /** An address that was given, whoever gave it. */
      email?: string;
      /** A job of ours. */
      system?: string;
      userId?: string;
    };
    /** Where the audit trail's chain stands. */
    AuditChain: {
      /** The number of the newest link. */
      links: number;
      newestLinkAt?: string;
      signatureAgeSeconds?: number;
      /** When it was signed last. */
      signedAt?: string;
      /** The number of the newest link that was signed. */
      signedLinks: number;
      state: components['schemas']['AuditChainState'];
    };
    /** In a word. */
    AuditChainState: "signed" | "empty" | "unsigned" | "stale" | "broken";
    /** An event. */
    AuditEvent: {
      action: string;
      actor: components['schemas']['AuditActor'];
      /** RFC 3339 in UTC, with milliseconds. */
      at: string;
      detail: Record<string, string>;
      id: string;
      ip: string | null;
      outcome: components['schemas']['Outcome'];
      requestId: string;
      /** `<what>#<id>`. */
      target?: string;
      userAgent: string;
    };
    /** A page of the audit trail. */
    AuditPage: {
      events: components['schemas']['AuditEvent'][];
      /** For events that come later, oldest first. */
      newerCursor?: string;
      /** For older events. */
      nextCursor?: string;
    };
    /** The password as it is, and as it will be. */
    ChangePasswordRequest: {
      currentPassword: string;
      newPassword: string;
    };
    /** A check that the service makes of itself. */
    CheckStanding: {
      check: string;
      since?: string;
      /** `well`, `failing`, or `not_required` where this stage keeps no backups. */
      state: string;
      trouble?: string;
    };
    /** What an auditor asks. */
    ComplianceReport: {
      chain: components['schemas']['AuditChain'];
      checks: components['schemas']['CheckStanding'][];
      events: components['schemas']['EventsByKind'];
      /** The first day that is told of. */
      from: string;
      jobs: components['schemas']['JobStanding'][];
      keys: components['schemas']['KeyStanding'][];
      madeAt: string;
      retention: components['schemas']['Retention'];
      /** Who did what with the trail itself. */
      trail: components['schemas']['EventsOfTrail'][];
    };
    /** The token of a session, a browser and a day. */
    CsrfToken: {
      /** For the header `X-CSRF-Token`. */
      csrfToken: string;
    };
    Curve: "P-256";
    /** A page of deliveries. */
    Deliveries: {
      deliveries: components['schemas']['Delivery'][];
      /** The `before` of the next page. */
      next?: string;
    };
    /** An event on its way, and what became of it. */
    Delivery: {
      attempts: number;
      createdAt: string;
      deadAt?: string;
      deadReason?: string;
      deliveredAt?: string;
      dueAt?: string;
      event: string;
      id: string;
      /** `waiting`, `delivered` or `dead`. */
      state: string;
      tries: components['schemas']['DeliveryTry'][];
    };
    /** One try. */
    DeliveryTry: {
      answer: string;
      at: string;
      millis: number;
      status?: number;
    };
    /** A browser or app, in our words. */
    Device: {
      browser: string | null;
      /** For people. */
      name: string;
      os: string | null;
      /** `desktop`, `phone` and the like. */
      type: string;
    };
    /** Sessions on one kind of device. */
    DeviceFigure: {
      name: string;
      sessions: number;
    };
    /** Where verifiers find what they need. */
    Discovery: {
      claims_supported: string[];
      id_token_signing_alg_values_supported: string[];
      issuer: string;
      jwks_uri: string;
      response_types_supported: unknown[];
      subject_types_supported: string[];
    };
    /** What has ended, and the new access token. */
    EndedSessions: {
      /** Unless it is in a cookie. */
      accessToken?: string;
      /** The new access token's life, in seconds. */
      expiresIn: number;
      /** How many sessions were live. */
      revoked: number;
    };
    EraseAudit: {
      /** Why, in a few words: for the trail. */
      reason: string;
    };
    /** What became of somebody's events. */
    ErasedAudit: {
      removed: number;
      rewritten: number;
      /** `erased`, or `partial`: the same call goes on. */
      status: string;
    };
    /** Events by kind, as the daily reports counted them. */
    EventsByKind: {
      days: components['schemas']['EventsOfDay'][];
      /** Days after the first report that nobody has reported: yesterday, until its report is made; others are a fault. */
      missing: string[];
      /** Today so far, by the counters. */
      today: Record<string, number>;
      /** Of all these days together, without today. */
      total: Record<string, number>;
    };
    /** A day's events. */
    EventsOfDay: {
      byKind: Record<string, number>;
      day: string;
      /** False when there were more than a run counts: the figures are the least it can have been. */
      isComplete: boolean;
    };
    /** Events of one kind about the trail. */
    EventsOfTrail: {
      action: string;
      /** There are more in these days. */
      hasMore: boolean;
      /** The newest, with who, why and how. */
      newest: components['schemas']['AuditEvent'][];
    };
    /** What is wrong with one field of a request. */
    FieldError: {
      /** Stable, for programs. */
      code: string;
      /** Its path in the body, such as `organization.slug`; empty for the body as a whole. */
      field: string;
      /** For people. */
      message: string;
    };
    /** Where to. */
    ForgotPasswordRequest: {
      email: string;
    };
    /** Somebody's session. */
    FoundSession: {
      /** How (RFC 8176). */
      amr: string[];
      /** When the person signed in. */
      authTime: string;
      createdAt: string;
      device: components['schemas']['Device'];
      email: string;
      /** When it ends at the latest. */
      expiresAt: string;
      id: string;
      /** The network, not the address: `203.0.113.0/24`. */
      ip?: string;
      lastActiveAt: string;
      place?: string;
      userId: string;
    };
    /** A page of sessions. */
    FoundSessions: {
      /** For the next page, if there is one. */
      nextCursor?: string;
      sessions: components['schemas']['FoundSession'][];
    };
    /** A session, and how long its access token is good. */
    Granted: {
      /** Unless it is in a cookie. */
      accessToken?: string;
      /** The access token's life, in seconds. */
      expiresIn: number;
      /** Unless it is in a cookie, or stays what it was. */
      refreshToken?: string;
      /** With a refresh: whether there is a new refresh token. */
      rotated?: boolean;
      session: components['schemas']['Session'];
      /** `complete`. */
      status: string;
    };
    /** The worst of its checks, and each of them. */
    Health: {
      /** By name. */
      checks: Record<string, components['schemas']['HealthCheck']>;
      status: components['schemas']['HealthStatus'];
    };
    /** One dependency. */
    HealthCheck: {
      /** What is wrong. */
      detail?: string;
      status: components['schemas']['HealthStatus'];
    };
    HealthStatus: "healthy" | "degraded" | "down";
    /** A job, and what is known of its last runs. */
    Job: {
      enabled: boolean;
      everySeconds: number;
      name: string;
      /** When its schedule calls for it next, as far as its last call tells. */
      nextDue?: string;
      /** Why it was switched last. */
      reason?: string;
      /** The newest runs, newest first. */
      runs: components['schemas']['JobRun'][];
    };
    /** One run. */
    JobRun: {
      finishedAt?: string;
      id: string;
      /** `running`, `done`, `failed`, `skipped`, or `died`: its time is over and it never said how it ended. */
      outcome: string;
      /** Its figures as JSON, or what went wrong. */
      report?: string;
      /** The time of the schedule that called for it; none for a run by hand. */
      scheduledAt?: string;
      startedAt: string;
    };
    /** A scheduled job. */
    JobStanding: {
      /** The newest time of its schedule that was done. */
      doneFor?: string;
      everySeconds: number;
      job: string;
      /** Why it was switched. */
      reason?: string;
      /** `on_time`, `overdue`, `never_done` or `switched_off`. */
      state: string;
    };
    /** Every scheduled job. */
    Jobs: {
      jobs: components['schemas']['Job'][];
    };
    /** A JWK Set (RFC 7517). */
    KeySet: {
      keys: components['schemas']['PublicKey'][];
    };
    /** A signing key, or the newest version of the secrets. */
    KeyStanding: {
      ageDays: number;
      /** When it is to be succeeded, or withdrawn. */
      due?: string;
      isOverdue: boolean;
      /** The signing key's `kid`, or `secrets`. */
      key: string;
      /** Since when it is so. */
      since: string;
      /** `next`, `current` or `retired`. */
      state: string;
    };
    /** Sign-ins of 24 hours. */
    LoginFigures: {
      byHour: components['schemas']['LoginsOfHour'][];
      failures: number;
      from: string;
      /** Of accounts that were locked among failed sign-ins, 0 to 1. */
      lockoutRate: number;
      lockouts: number;
      /** Networks with the most failures. */
      networks: components['schemas']['NamedCount'][];
      /** Failures by reason, most first. */
      reasons: components['schemas']['NamedCount'][];
      successes: number;
      to: string;
    };
    /** Sign-ins of an hour. */
    LoginsOfHour: {
      failures: number;
      hour: string;
      lockouts: number;
      successes: number;
    };
    /** How often. */
    NamedCount: {
      count: number;
      name: string;
    };
    /** The organization that belongs to the account. */
    NewOrganization: {
      name: string;
      /** Made from the name if left out. */
      slug?: string | null;
    };
    /** An OpenAPI document. */
    OpenApi: {
      /** The version of OpenAPI. */
      openapi: string;
    };
    Outcome: "success" | "failure";
    /** One of the person's sessions. */
    OwnSession: {
      /** How (RFC 8176). */
      amr: string[];
      /** When the person signed in. */
      authTime: string;
      createdAt: string;
      /** Whether this is the session that asks. */
      current: boolean;
      device: components['schemas']['Device'];
      /** When it ends at the latest. */
      expiresAt: string;
      id: string;
      /** The network, not the address: `203.0.113.0/24`. */
      ip?: string;
      lastActiveAt: string;
      place?: string;
    };
    /** The person's sessions. */
    OwnSessions: {
      /** The newest first. */
      sessions: components['schemas']['OwnSession'][];
    };
    /** Why a request was refused, or failed (RFC 9457). */
    Problem: {
      /** With `invalid_credentials`: whether the next try needs a CAPTCHA. */
      captchaRequired?: boolean;
      /** Stable: branch on it. Together with the status it says everything. */
      code: "account_locked" | "captcha_invalid" | "captcha_required" | "conflict" | "csrf_invalid" | "email_not_verified" | "forbidden" | "internal" | "invalid_credentials" | "malformed" | "method_not_allowed" | "not_found" | "password_rejected" | "rate_limited" | "refresh_in_progress" | "refresh_invalid" | "refresh_reused" | "session_expired" | "session_revoked" | "slug_invalid" | "slug_taken" | "step_up_required" | "token_expired" | "token_invalid" | "token_used" | "too_large" | "unauthenticated" | "unavailable" | "unsupported_media_type" | "validation";
      /** This occurrence, for people; may change in wording. */
      detail: string;
      /** Where fields are at fault: one for each. */
      errors?: components['schemas']['FieldError'][];
      /** With `step_up_required`: by what one may show oneself again (RFC 8176 names). */
      methods?: string[];
      /** Also the header `X-Request-ID`; name it when you ask us what happened. */
      requestId: string;
      /** The HTTP status. */
      status: number;
      /** The same for every occurrence of a code and status; for people. */
      title: string;
      /** The code as a URN. There is nothing to fetch. */
      type: string;
    };
    /** A person. */
    Profile: {
      createdAt: string;
      email: string;
      emailVerified: boolean;
      id: string;
      /** Second factors that are set up. */
      mfa: string[];
      name: string;
      organizationId: string;
      roles: string[];
    };
    /** A public key. */
    PublicKey: ({
      e: string;
      kty: "RSA";
      n: string;
    } | {
      crv: components['schemas']['Curve'];
      kty: "EC";
      x: string;
      y: string;
    }) & {
      alg: string;
      kid: string;
      use: string;
    };
    /** Nothing for browsers: their cookie says it. */
    RefreshRequest: {
      /** For clients without cookies. */
      refreshToken?: string | null;
    };
    /** Where to. */
    ResendVerificationRequest: {
      email: string;
    };
    /** A link's token, and the new password. */
    ResetPasswordRequest: {
      password: string;
      /** From the link in the mail. */
      token: string;
    };
    /** How long events are kept, and whether they are. */
    Retention: {
      /** The setting. */
      days: number;
      /** False when there are events that should have been purged days ago. */
      isKeptTo: boolean;
      keptSince: string;
      /** When the oldest event happened that is there. */
      oldestEvent?: string;
    };
    /** What is looked at. */
    SecurityCheck: "locked_accounts" | "unconfirmed_addresses" | "unusual_places" | "no_second_factor" | "open_alerts" | "failing_checks" | "suspicious_activity" | "denied_access" | "refresh_replays";
    /** The whole list. */
    SecurityChecklist: {
      items: components['schemas']['SecurityChecklistItem'][];
      madeAt: string;
    };
    /** One line of it. */
    SecurityChecklistItem: {
      check: components['schemas']['SecurityCheck'];
      /** Absent where it cannot be known. */
      count?: number;
      /** When it was counted. */
      countedAt?: string;
      /** Some of what was found. */
      found: components['schemas']['SecurityFinding'][];
      /** The count is the least that it can be. */
      isLeast: boolean;
      state: components['schemas']['SecurityChecklistState'];
      title: string;
      /** Why it cannot be known. */
      why?: string;
    };
    /** What follows from a line. */
    SecurityChecklistState: "clear" | "look" | "not_available";
    /** Something that was found. */
    SecurityFinding: {
      sessionId?: string;
      since?: string;
      userId?: string;
      what: string;
    };
    /** What a client may know of its session. */
    Session: {
      /** How (RFC 8176). */
      amr: string[];
      /** When the person signed in. */
      authTime: string;
      /** When the session ends at the latest. */
      expiresAt: string;
      id: string;
      organizationId: string;
      roles: string[];
      userId: string;
    };
    /** Empty before the first count. */
    SessionFigures: {
      averageDurationSeconds?: number;
      byType?: Record<string, number>;
      countedAt?: string;
      /** Live sessions. */
      live?: number;
      /** People who have one. */
      people?: number;
      startedLastDay?: number;
      topDevices?: components['schemas']['DeviceFigure'][];
    };
    /** Who signs in. */
    SignInRequest: {
      /** Asked for after some failures, where a CAPTCHA provider is configured. */
      captchaToken?: string | null;
      email: string;
      password: string;
      tokenDelivery?: components['schemas']['TokenDelivery'];
    };
    /** For clients without cookies, whose access token may be past its time. */
    SignOutRequest: {
      /** For clients without cookies, whose access token may be past its time. */
      refreshToken?: string | null;
    };
    /** Who wants an account. */
    SignUpRequest: {
      /** Asked for where a CAPTCHA provider is configured. */
      captchaToken?: string | null;
      email: string;
      name: string;
      /** Without it, the person gets an organization of their own. */
      organization?: components['schemas']['NewOrganization'] | null;
      /** As the password policy wants it; a refusal names every rule that is not met. */
      password: string;
    };
    /** Whether a slug can be had. */
    SlugAvailability: {
      available: boolean;
      /** Why it cannot: `taken`. */
      reason?: string;
      slug: string;
      /** Slugs like it that can be had, where it cannot. */
      suggestions: string[];
    };
    /** `{"status": …}`. */
    Status: {
      status: string;
    };
    /** How the switch shall stand. */
    SwitchJobRequest: {
      enabled: boolean;
      /** Why, in a few words: for the trail, and for who looks at the list. */
      reason: string;
    };
    /** How it stands. */
    SwitchedJob: {
      enabled: boolean;
      name: string;
    };
    /** How a client wants its tokens. */
    TokenDelivery: "cookies" | "body";
    /** Whose account, by address or by id. */
    UnlockAccountRequest: {
      email?: string | null;
      /** Why, in a few words: for the trail. */
      reason: string;
      userId?: string | null;
    };
    /** A link's token. */
    UnlockRequest: {
      /** From the link in the mail. */
      token: string;
    };
    /** Whose account it was. */
    UnlockedAccount: {
      status: string;
      userId: string;
    };
    /** Whose token it is. */
    VerifiedToken: {
      /** Always true: other tokens are refused. */
      active: boolean;
      /** How the person signed in (RFC 8176). */
      amr: string[];
      /** When. */
      authTime: string;
      /** When the token ends. */
      expiresAt: string;
      organizationId: string;
      roles: string[];
      sessionId: string;
      userId: string;
    };
    /** A link's token. */
    VerifyEmailRequest: {
      /** From the link in the mail. */
      token: string;
    };
    /** Who is told of what. */
    Webhook: {
      createdAt: string;
      description: string;
      /** Since when nothing is sent there, because it said that it is gone. */
      disabledAt?: string;
      events: string[];
      id: string;
      /** Until when the secret before this one signs as well. */
      previousSecretUntil?: string;
      /** Only where it was made. */
      secret?: string;
      url: string;
    };
    /** Where to send what. */
    WebhookRequest: {
      description?: string;
      /** Kinds of events of the audit trail, or `*`. */
      events: string[];
      /** `https`, a public host, port 443 or 8443. */
      url: string;
    };
    /** The new secret. */
    WebhookSecret: {
      secret: string;
    };
    /** All webhooks. */
    Webhooks: {
      webhooks: components['schemas']['Webhook'][];
    };
  };
  responses: {
    /** `malformed`: The request cannot be read */
    "400-malformed": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "malformed";
          status?: 400;
        };
      };
    };
    /** `malformed`: The request cannot be read `token_invalid`: This link is not valid */
    "400-malformed-token_invalid": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "malformed" | "token_invalid";
          status?: 400;
        };
      };
    };
    /** `invalid_credentials`: E-mail address or password is wrong */
    "401-invalid_credentials": {
      headers: {
        "WWW-Authenticate": components['headers']['WWW-Authenticate'];
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "invalid_credentials";
          status?: 401;
        };
      };
    };
    /** `invalid_credentials`: E-mail address or password is wrong `session_revoked`: The session has been ended `token_expired`: The access token has expired `token_invalid`: The access token is not valid `unauthenticated`: Sign in first */
    "401-invalid_credentials-session_revoked-token_expired-token_invalid-unauthenticated": {
      headers: {
        "WWW-Authenticate": components['headers']['WWW-Authenticate'];
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "invalid_credentials" | "session_revoked" | "token_expired" | "token_invalid" | "unauthenticated";
          status?: 401;
        };
      };
    };
    /** `refresh_invalid`: The refresh token is not valid `refresh_reused`: The refresh token has been used before `session_expired`: The session has expired `session_revoked`: The session has been ended `unauthenticated`: Sign in first */
    "401-refresh_invalid-refresh_reused-session_expired-session_revoked-unauthenticated": {
      headers: {
        "WWW-Authenticate": components['headers']['WWW-Authenticate'];
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "refresh_invalid" | "refresh_reused" | "session_expired" | "session_revoked" | "unauthenticated";
          status?: 401;
        };
      };
    };
    /** `session_revoked`: The session has been ended `step_up_required`: Sign in again to do this `token_expired`: The access token has expired `token_invalid`: The access token is not valid `unauthenticated`: Sign in first */
    "401-session_revoked-step_up_required-token_expired-token_invalid-unauthenticated": {
      headers: {
        "WWW-Authenticate": components['headers']['WWW-Authenticate'];
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "session_revoked" | "step_up_required" | "token_expired" | "token_invalid" | "unauthenticated";
          status?: 401;
        };
      };
    };
    /** `session_revoked`: The session has been ended `token_expired`: The access token has expired `token_invalid`: The access token is not valid `unauthenticated`: Sign in first */
    "401-session_revoked-token_expired-token_invalid-unauthenticated": {
      headers: {
        "WWW-Authenticate": components['headers']['WWW-Authenticate'];
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "session_revoked" | "token_expired" | "token_invalid" | "unauthenticated";
          status?: 401;
        };
      };
    };
    /** `token_invalid`: The access token is not valid `unauthenticated`: Sign in first */
    "401-token_invalid-unauthenticated": {
      headers: {
        "WWW-Authenticate": components['headers']['WWW-Authenticate'];
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "token_invalid" | "unauthenticated";
          status?: 401;
        };
      };
    };
    /** `captcha_invalid`: The CAPTCHA is not solved, or not any more `captcha_required`: Solve a CAPTCHA first `csrf_invalid`: The request is not known to come from our own pages */
    "403-captcha_invalid-captcha_required-csrf_invalid": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "captcha_invalid" | "captcha_required" | "csrf_invalid";
          status?: 403;
        };
      };
    };
    /** `captcha_invalid`: The CAPTCHA is not solved, or not any more `captcha_required`: Solve a CAPTCHA first `csrf_invalid`: The request is not known to come from our own pages `email_not_verified`: The e-mail address is not verified yet */
    "403-captcha_invalid-captcha_required-csrf_invalid-email_not_verified": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "captcha_invalid" | "captcha_required" | "csrf_invalid" | "email_not_verified";
          status?: 403;
        };
      };
    };
    /** `csrf_invalid`: The request is not known to come from our own pages */
    "403-csrf_invalid": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "csrf_invalid";
          status?: 403;
        };
      };
    };
    /** `csrf_invalid`: The request is not known to come from our own pages `forbidden`: You may not do this */
    "403-csrf_invalid-forbidden": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "csrf_invalid" | "forbidden";
          status?: 403;
        };
      };
    };
    /** `forbidden`: You may not do this */
    "403-forbidden": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "forbidden";
          status?: 403;
        };
      };
    };
    /** `not_found`: There is nothing here */
    "404-not_found": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "not_found";
          status?: 404;
        };
      };
    };
    /** `conflict`: Somebody else has just changed this */
    "409-conflict": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "conflict";
          status?: 409;
        };
      };
    };
    /** `refresh_in_progress`: Another request is refreshing this session */
    "409-refresh_in_progress": {
      headers: {
        "Retry-After": components['headers']['Retry-After'];
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "refresh_in_progress";
          status?: 409;
        };
      };
    };
    /** `slug_taken`: The slug is taken */
    "409-slug_taken": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "slug_taken";
          status?: 409;
        };
      };
    };
    /** `token_expired`: This link has expired `token_used`: This link has been used */
    "410-token_expired-token_used": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "token_expired" | "token_used";
          status?: 410;
        };
      };
    };
    /** `too_large`: The request is too large */
    "413-too_large": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "too_large";
          status?: 413;
        };
      };
    };
    /** `unsupported_media_type`: Send JSON as application/json */
    "415-unsupported_media_type": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "unsupported_media_type";
          status?: 415;
        };
      };
    };
    /** `password_rejected`: The password does not meet the policy `validation`: A field is missing or wrong */
    "422-password_rejected-validation": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "password_rejected" | "validation";
          status?: 422;
        };
      };
    };
    /** `slug_invalid`: This is not a slug */
    "422-slug_invalid": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "slug_invalid";
          status?: 422;
        };
      };
    };
    /** `validation`: A field is missing or wrong */
    "422-validation": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "validation";
          status?: 422;
        };
      };
    };
    /** `account_locked`: Too many failed sign-ins; sign-in is locked for a while */
    "423-account_locked": {
      headers: {
        "Retry-After": components['headers']['Retry-After'];
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "account_locked";
          status?: 423;
        };
      };
    };
    /** `rate_limited`: Too many requests */
    "429-rate_limited": {
      headers: {
        "RateLimit-Limit": components['headers']['RateLimit-Limit'];
        "RateLimit-Policy": components['headers']['RateLimit-Policy'];
        "RateLimit-Remaining": components['headers']['RateLimit-Remaining'];
        "RateLimit-Reset": components['headers']['RateLimit-Reset'];
        "Retry-After": components['headers']['Retry-After'];
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "rate_limited";
          status?: 429;
        };
      };
    };
    /** `internal`: Something went wrong on our side */
    "500-internal": {
      headers: {
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "internal";
          status?: 500;
        };
      };
    };
    /** `unavailable`: The service cannot answer now */
    "503-unavailable": {
      headers: {
        "Retry-After": components['headers']['Retry-After'];
        "X-Request-ID": components['headers']['X-Request-ID'];
      };
      content: {
        "application/problem+json": components['schemas']['Problem'] & {
          code?: "unavailable";
          status?: 503;
        };
      };
    };
  };
  headers: {
    /** How long the answer may be kept. */
    "Cache-Control": string;
    /** Makes a browser forget what it kept for us. */
    "Clear-Site-Data": string;
    /** A name for the file. */
    "Content-Disposition": string;
    /** RFC 8288: where the next piece is, with `rel="next"`. */
    Link?: string;
    /** The access token's remaining life, in seconds. */
    "Postern-Expires-In": number;
    /** So many requests a minute. */
    "RateLimit-Limit": number;
    /** Limit, window in seconds, and how many may come at once. */
    "RateLimit-Policy": string;
    /** So many of them are left now. */
    "RateLimit-Remaining": number;
    /** After so many seconds all of them are there again. */
    "RateLimit-Reset": number;
    /** After so many seconds one may come again. */
    "Retry-After": number;
    /** The session's cookies, unless tokens go in the body. */
    "Set-Cookie"?: string;
    /** RFC 6750: `Bearer`, and why the token was refused. */
    "WWW-Authenticate": string;
    /** The request's id, yours if it was well-formed. */
    "X-Request-ID": string;
  };
}

export interface operations {
  /** Get the keys that verify access tokens */
  jwks: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** The public keys: those that sign, signed lately, or will sign. */
      200: {
        headers: {
          "Cache-Control": components['headers']['Cache-Control'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['KeySet'];
        };
      };
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Get what verifiers start from */
  discovery: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** Issuer, keys, algorithms. */
      200: {
        headers: {
          "Cache-Control": components['headers']['Cache-Control'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Discovery'];
        };
      };
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** See how people are told of alerts */
  listAlertChannels: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** What is set up, without its secrets. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['AlertChannels'];
        };
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-forbidden'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Take a channel away */
  removeAlertChannel: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** `slack`, `pagerduty` or `telegram` */
        kind: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** It is told no more. */
      204: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content?: never;
      };
      401: components['responses']['401-session_revoked-step_up_required-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-csrf_invalid-forbidden'];
      404: components['responses']['404-not_found'];
      413: components['responses']['413-too_large'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Let people be told of alerts */
  setAlertChannel: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** `slack`, `pagerduty` or `telegram` */
        kind: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components['schemas']['AlertChannelRequest'];
      };
    };
    responses: {
      /** It is told from now on. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['AlertChannel'];
        };
      };
      400: components['responses']['400-malformed'];
      401: components['responses']['401-session_revoked-step_up_required-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-csrf_invalid-forbidden'];
      404: components['responses']['404-not_found'];
      413: components['responses']['413-too_large'];
      415: components['responses']['415-unsupported_media_type'];
      422: components['responses']['422-validation'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Read the audit trail */
  readAudit: {
    parameters: {
      query?: {
        /** What this person did, and what was done about them */
        userId?: string | string;
        /** The same by address, and what was tried under it */
        email?: string | string;
        /** Of this kind */
        action?: string | string;
        /** Not before */
        from?: string | string;
        /** Before */
        to?: string | string;
        /** From this IP address */
        ip?: string | string;
        /** Of this request */
        requestId?: string | string;
        /** That went so */
        outcome?: "success" | "failure" | string;
        /** The `nextCursor` or `newerCursor` of an answer to the same query */
        cursor?: string | string;
        /** How many at most */
        limit?: number | string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** Events. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['AuditPage'];
        };
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-forbidden'];
      422: components['responses']['422-validation'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Take a copy of a part of the audit trail */
  exportAudit: {
    parameters: {
      query: {
        /** What this person did, and what was done about them */
        userId?: string | string;
        /** The same by address, and what was tried under it */
        email?: string | string;
        /** Of this kind */
        action?: string | string;
        /** Not before */
        from?: string | string;
        /** Before */
        to?: string | string;
        /** From this IP address */
        ip?: string | string;
        /** Of this request */
        requestId?: string | string;
        /** That went so */
        outcome?: "success" | "failure" | string;
        /** Of the copy */
        format: "csv" | "ndjson";
        /** From the `Link` of an answer to the same query */
        cursor?: string | string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** A piece of the copy. */
      200: {
        headers: {
          "Content-Disposition": components['headers']['Content-Disposition'];
          "Link": components['headers']['Link'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/x-ndjson": string;
          "text/csv": string;
        };
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-forbidden'];
      422: components['responses']['422-validation'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Look at the scheduled jobs and their last runs */
  jobs: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** Every job, with its ten newest runs. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Jobs'];
        };
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-forbidden'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Switch a job's schedule on or off */
  switchJob: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** The job, such as `jobs-daily-report` */
        name: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components['schemas']['SwitchJobRequest'];
      };
    };
    responses: {
      /** It stands so now. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['SwitchedJob'];
        };
      };
      400: components['responses']['400-malformed'];
      401: components['responses']['401-session_revoked-step_up_required-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-csrf_invalid-forbidden'];
      404: components['responses']['404-not_found'];
      413: components['responses']['413-too_large'];
      415: components['responses']['415-unsupported_media_type'];
      422: components['responses']['422-validation'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** See figures of sign-ins */
  loginFigures: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** Of the last 24 hours. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['LoginFigures'];
        };
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-forbidden'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Read how many people are signed in, for how long and on what */
  sessionFigures: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** As a job has counted them. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['SessionFigures'];
        };
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-forbidden'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** See what an auditor asks of the trail, the keys, the backups and the jobs */
  complianceReport: {
    parameters: {
      query?: {
        /** Of so many days before today; 30 by default */
        days?: number | string;
        /** JSON by default */
        format?: "json" | "csv" | string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** The report. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['ComplianceReport'];
          "text/csv": string;
        };
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-forbidden'];
      422: components['responses']['422-validation'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Go through what may be wrong with accounts and sessions */
  securityChecklist: {
    parameters: {
      query?: {
        /** JSON by default */
        format?: "json" | "csv" | string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** The list. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['SecurityChecklist'];
          "text/csv": string;
        };
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-forbidden'];
      422: components['responses']['422-validation'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Find out who is signed in */
  findSessions: {
    parameters: {
      query?: {
        /** Of this person */
        userId?: string | string;
        /** Of the person with this address */
        email?: string | string;
        /** From this address's network */
        ip?: string | string;
        /** On devices with this in their name */
        device?: string | string;
        /** The `nextCursor` of an answer */
        cursor?: string | string;
        /** How many at most */
        limit?: number | string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** Live sessions. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['FoundSessions'];
        };
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-forbidden'];
      422: components['responses']['422-validation'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Sign somebody's device out */
  endSessionOf: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** Whose */
        userId: string;
        /** Which */
        sessionId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** It is signed out. */
      204: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content?: never;
      };
      401: components['responses']['401-session_revoked-step_up_required-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-csrf_invalid-forbidden'];
      404: components['responses']['404-not_found'];
      413: components['responses']['413-too_large'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** End the locks of somebody's account */
  unlockAccount: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components['schemas']['UnlockAccountRequest'];
      };
    };
    responses: {
      /** Its owner can sign in again, and is told. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['UnlockedAccount'];
        };
      };
      400: components['responses']['400-malformed'];
      401: components['responses']['401-session_revoked-step_up_required-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-csrf_invalid-forbidden'];
      404: components['responses']['404-not_found'];
      413: components['responses']['413-too_large'];
      415: components['responses']['415-unsupported_media_type'];
      422: components['responses']['422-validation'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Remove a person from the audit trail */
  eraseAudit: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** Of the person */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components['schemas']['EraseAudit'];
      };
    };
    responses: {
      /** Done, or as much as one call can do. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['ErasedAudit'];
        };
      };
      400: components['responses']['400-malformed'];
      401: components['responses']['401-session_revoked-step_up_required-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-csrf_invalid-forbidden'];
      404: components['responses']['404-not_found'];
      413: components['responses']['413-too_large'];
      415: components['responses']['415-unsupported_media_type'];
      422: components['responses']['422-validation'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** See who is told of events */
  listWebhooks: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** All of them, without their secrets. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Webhooks'];
        };
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-forbidden'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Let somebody be told of events */
  createWebhook: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components['schemas']['WebhookRequest'];
      };
    };
    responses: {
      /** It is told from now on. The secret is shown this once. */
      201: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Webhook'];
        };
      };
      400: components['responses']['400-malformed'];
      401: components['responses']['401-session_revoked-step_up_required-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-csrf_invalid-forbidden'];
      413: components['responses']['413-too_large'];
      415: components['responses']['415-unsupported_media_type'];
      422: components['responses']['422-validation'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Tell somebody no more */
  deleteWebhook: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** Which webhook */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** It is gone, with what waited for it. */
      204: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content?: never;
      };
      401: components['responses']['401-session_revoked-step_up_required-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-csrf_invalid-forbidden'];
      404: components['responses']['404-not_found'];
      413: components['responses']['413-too_large'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** See what was sent to a webhook */
  listDeliveries: {
    parameters: {
      query?: {
        /** The `next` of the page before */
        before?: string | string;
      };
      header?: never;
      path: {
        /** Which webhook */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** Newest first, fifty a page. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Deliveries'];
        };
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-forbidden'];
      404: components['responses']['404-not_found'];
      422: components['responses']['422-validation'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Send something again */
  redeliver: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** Which webhook */
        id: string;
        /** Which delivery */
        delivery: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** It is sent again within a minute, under the same id. */
      202: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Status'] & {
            status?: "redelivery_requested";
          };
        };
      };
      401: components['responses']['401-session_revoked-step_up_required-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-csrf_invalid-forbidden'];
      404: components['responses']['404-not_found'];
      413: components['responses']['413-too_large'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Give a webhook another secret */
  rotateWebhookSecret: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** Which webhook */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** Shown this once. The one before it signs as well for 24 hours. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['WebhookSecret'];
        };
      };
      401: components['responses']['401-session_revoked-step_up_required-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-csrf_invalid-forbidden'];
      404: components['responses']['404-not_found'];
      409: components['responses']['409-conflict'];
      413: components['responses']['413-too_large'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Get the CSRF token */
  csrfToken: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** The token, good until the day after today. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['CsrfToken'];
        };
      };
      401: components['responses']['401-token_invalid-unauthenticated'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Sign in with e-mail address and password */
  signIn: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components['schemas']['SignInRequest'];
      };
    };
    responses: {
      /** Signed in. */
      200: {
        headers: {
          "RateLimit-Limit": components['headers']['RateLimit-Limit'];
          "RateLimit-Policy": components['headers']['RateLimit-Policy'];
          "RateLimit-Remaining": components['headers']['RateLimit-Remaining'];
          "RateLimit-Reset": components['headers']['RateLimit-Reset'];
          "Set-Cookie": components['headers']['Set-Cookie'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Granted'];
        };
      };
      400: components['responses']['400-malformed'];
      401: components['responses']['401-invalid_credentials'];
      403: components['responses']['403-captcha_invalid-captcha_required-csrf_invalid-email_not_verified'];
      413: components['responses']['413-too_large'];
      415: components['responses']['415-unsupported_media_type'];
      422: components['responses']['422-validation'];
      423: components['responses']['423-account_locked'];
      429: components['responses']['429-rate_limited'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Sign out */
  signOut: {
    parameters: {
      query?: {
        /** Whether to end every session of the person */
        all?: boolean;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        "application/json": components['schemas']['SignOutRequest'];
      };
    };
    responses: {
      /** Signed out. */
      204: {
        headers: {
          "Clear-Site-Data": components['headers']['Clear-Site-Data'];
          "Set-Cookie": components['headers']['Set-Cookie'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content?: never;
      };
      400: components['responses']['400-malformed'];
      403: components['responses']['403-csrf_invalid'];
      413: components['responses']['413-too_large'];
      415: components['responses']['415-unsupported_media_type'];
      422: components['responses']['422-validation'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Ask whether an organization's slug can be had */
  slugAvailable: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** 3 to 48 lower-case letters, digits and single hyphens in between */
        slug: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** Whether it can be had, at this moment. */
      200: {
        headers: {
          "Cache-Control": components['headers']['Cache-Control'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['SlugAvailability'];
        };
      };
      404: components['responses']['404-not_found'];
      422: components['responses']['422-slug_invalid'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Change one's password */
  changePassword: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components['schemas']['ChangePasswordRequest'];
      };
    };
    responses: {
      /** Changed. The other sessions have ended; this one has a new access token. */
      200: {
        headers: {
          "RateLimit-Limit": components['headers']['RateLimit-Limit'];
          "RateLimit-Policy": components['headers']['RateLimit-Policy'];
          "RateLimit-Remaining": components['headers']['RateLimit-Remaining'];
          "RateLimit-Reset": components['headers']['RateLimit-Reset'];
          "Set-Cookie": components['headers']['Set-Cookie'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Granted'];
        };
      };
      400: components['responses']['400-malformed'];
      401: components['responses']['401-invalid_credentials-session_revoked-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-csrf_invalid'];
      413: components['responses']['413-too_large'];
      415: components['responses']['415-unsupported_media_type'];
      422: components['responses']['422-password_rejected-validation'];
      423: components['responses']['423-account_locked'];
      429: components['responses']['429-rate_limited'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Ask for a mail with a link to choose a new password */
  forgotPassword: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components['schemas']['ForgotPasswordRequest'];
      };
    };
    responses: {
      /** If the address has an account, a mail is on its way. */
      202: {
        headers: {
          "RateLimit-Limit": components['headers']['RateLimit-Limit'];
          "RateLimit-Policy": components['headers']['RateLimit-Policy'];
          "RateLimit-Remaining": components['headers']['RateLimit-Remaining'];
          "RateLimit-Reset": components['headers']['RateLimit-Reset'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Status'] & {
            status?: "reset_requested";
          };
        };
      };
      400: components['responses']['400-malformed'];
      403: components['responses']['403-csrf_invalid'];
      413: components['responses']['413-too_large'];
      415: components['responses']['415-unsupported_media_type'];
      422: components['responses']['422-validation'];
      429: components['responses']['429-rate_limited'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Choose a new password by the link in a mail */
  resetPassword: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components['schemas']['ResetPasswordRequest'];
      };
    };
    responses: {
      /** The password is changed, and every session has ended. */
      200: {
        headers: {
          "RateLimit-Limit": components['headers']['RateLimit-Limit'];
          "RateLimit-Policy": components['headers']['RateLimit-Policy'];
          "RateLimit-Remaining": components['headers']['RateLimit-Remaining'];
          "RateLimit-Reset": components['headers']['RateLimit-Reset'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Status'] & {
            status?: "password_reset";
          };
        };
      };
      400: components['responses']['400-malformed-token_invalid'];
      403: components['responses']['403-csrf_invalid'];
      410: components['responses']['410-token_expired-token_used'];
      413: components['responses']['413-too_large'];
      415: components['responses']['415-unsupported_media_type'];
      422: components['responses']['422-password_rejected-validation'];
      429: components['responses']['429-rate_limited'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Get a new access token */
  refresh: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        "application/json": components['schemas']['RefreshRequest'];
      };
    };
    responses: {
      /** A new access token. */
      200: {
        headers: {
          "Set-Cookie": components['headers']['Set-Cookie'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Granted'];
        };
      };
      400: components['responses']['400-malformed'];
      401: components['responses']['401-refresh_invalid-refresh_reused-session_expired-session_revoked-unauthenticated'];
      403: components['responses']['403-csrf_invalid'];
      409: components['responses']['409-refresh_in_progress'];
      413: components['responses']['413-too_large'];
      415: components['responses']['415-unsupported_media_type'];
      422: components['responses']['422-validation'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Open an account */
  signUp: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components['schemas']['SignUpRequest'];
      };
    };
    responses: {
      /** A mail is on its way. */
      202: {
        headers: {
          "RateLimit-Limit": components['headers']['RateLimit-Limit'];
          "RateLimit-Policy": components['headers']['RateLimit-Policy'];
          "RateLimit-Remaining": components['headers']['RateLimit-Remaining'];
          "RateLimit-Reset": components['headers']['RateLimit-Reset'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Status'] & {
            status?: "verification_required";
          };
        };
      };
      400: components['responses']['400-malformed'];
      403: components['responses']['403-captcha_invalid-captcha_required-csrf_invalid'];
      409: components['responses']['409-slug_taken'];
      413: components['responses']['413-too_large'];
      415: components['responses']['415-unsupported_media_type'];
      422: components['responses']['422-password_rejected-validation'];
      429: components['responses']['429-rate_limited'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Unlock an account by the link in a mail */
  unlock: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components['schemas']['UnlockRequest'];
      };
    };
    responses: {
      /** Its owner can sign in again. Nobody is signed in by that. */
      200: {
        headers: {
          "RateLimit-Limit": components['headers']['RateLimit-Limit'];
          "RateLimit-Policy": components['headers']['RateLimit-Policy'];
          "RateLimit-Remaining": components['headers']['RateLimit-Remaining'];
          "RateLimit-Reset": components['headers']['RateLimit-Reset'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Status'] & {
            status?: "unlocked";
          };
        };
      };
      400: components['responses']['400-malformed-token_invalid'];
      403: components['responses']['403-csrf_invalid'];
      410: components['responses']['410-token_expired-token_used'];
      413: components['responses']['413-too_large'];
      415: components['responses']['415-unsupported_media_type'];
      422: components['responses']['422-validation'];
      429: components['responses']['429-rate_limited'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Verify an e-mail address */
  verifyEmail: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components['schemas']['VerifyEmailRequest'];
      };
    };
    responses: {
      /** The address is its owner's. Nobody is signed in by that. */
      200: {
        headers: {
          "RateLimit-Limit": components['headers']['RateLimit-Limit'];
          "RateLimit-Policy": components['headers']['RateLimit-Policy'];
          "RateLimit-Remaining": components['headers']['RateLimit-Remaining'];
          "RateLimit-Reset": components['headers']['RateLimit-Reset'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Status'] & {
            status?: "verified";
          };
        };
      };
      400: components['responses']['400-malformed-token_invalid'];
      403: components['responses']['403-csrf_invalid'];
      410: components['responses']['410-token_expired-token_used'];
      413: components['responses']['413-too_large'];
      415: components['responses']['415-unsupported_media_type'];
      422: components['responses']['422-validation'];
      429: components['responses']['429-rate_limited'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Ask for another verification mail */
  resendVerification: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components['schemas']['ResendVerificationRequest'];
      };
    };
    responses: {
      /** If the address waits to be verified, a mail is on its way. */
      202: {
        headers: {
          "RateLimit-Limit": components['headers']['RateLimit-Limit'];
          "RateLimit-Policy": components['headers']['RateLimit-Policy'];
          "RateLimit-Remaining": components['headers']['RateLimit-Remaining'];
          "RateLimit-Reset": components['headers']['RateLimit-Reset'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Status'] & {
            status?: "verification_required";
          };
        };
      };
      400: components['responses']['400-malformed'];
      403: components['responses']['403-csrf_invalid'];
      413: components['responses']['413-too_large'];
      415: components['responses']['415-unsupported_media_type'];
      422: components['responses']['422-validation'];
      429: components['responses']['429-rate_limited'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Ask whose access token it is */
  verifyToken: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** The token is good, and its session lives. */
      200: {
        headers: {
          "Postern-Expires-In": components['headers']['Postern-Expires-In'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['VerifiedToken'];
        };
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Ask whether an access token is good */
  checkToken: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** The token is good, and its session lives. */
      204: {
        headers: {
          "Postern-Expires-In": components['headers']['Postern-Expires-In'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content?: never;
      };
      /** `session_revoked`: The session has been ended `token_expired`: The access token has expired `token_invalid`: The access token is not valid `unauthenticated`: Sign in first */
      401: {
        headers: {
          "WWW-Authenticate": components['headers']['WWW-Authenticate'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content?: never;
      };
      /** `internal`: Something went wrong on our side */
      500: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content?: never;
      };
      /** `unavailable`: The service cannot answer now */
      503: {
        headers: {
          "Retry-After": components['headers']['Retry-After'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content?: never;
      };
    };
  };
  /** Ask whether people can sign in */
  health: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** They can. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Health'];
        };
      };
      500: components['responses']['500-internal'];
      /** They cannot. */
      503: {
        headers: {
          "Retry-After": components['headers']['Retry-After'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Health'];
        };
      };
    };
  };
  /** Read the metrics, for Prometheus */
  metrics: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** All counters, in the text format 0.0.4. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "text/plain": string;
        };
      };
      403: components['responses']['403-forbidden'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Get this document */
  openapi: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** OpenAPI 3.1. */
      200: {
        headers: {
          "Cache-Control": components['headers']['Cache-Control'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['OpenApi'];
        };
      };
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Read one's profile */
  me: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** The signed-in person. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['Profile'];
        };
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Sign all other devices out */
  endOtherSessions: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** They are signed out. This one has a new access token. */
      200: {
        headers: {
          "Set-Cookie": components['headers']['Set-Cookie'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['EndedSessions'];
        };
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-csrf_invalid'];
      413: components['responses']['413-too_large'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** List the devices one is signed in on */
  sessions: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** The live sessions. */
      200: {
        headers: {
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content: {
          "application/json": components['schemas']['OwnSessions'];
        };
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
  /** Sign one device out */
  endSession: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** The session's id */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** It is signed out. */
      204: {
        headers: {
          "Set-Cookie": components['headers']['Set-Cookie'];
          "X-Request-ID": components['headers']['X-Request-ID'];
        };
        content?: never;
      };
      401: components['responses']['401-session_revoked-token_expired-token_invalid-unauthenticated'];
      403: components['responses']['403-csrf_invalid'];
      404: components['responses']['404-not_found'];
      413: components['responses']['413-too_large'];
      500: components['responses']['500-internal'];
      503: components['responses']['503-unavailable'];
    };
  };
}
