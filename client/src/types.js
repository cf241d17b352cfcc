/**
 * The words of the SDK: what callers get, and what its own modules hand each other. Types only, no code.
 *
 * @module
 */

/** @typedef {import('./errors.js').PosternError} PosternError */

/**
 * What a browser may know of its session. There is no token in it: those are in `HttpOnly` cookies.
 *
 * @typedef {object} Session
 * @property {string} id
 * @property {string} userId
 * @property {string} organizationId
 * @property {readonly string[]} roles
 * @property {readonly string[]} amr How the person signed in, as RFC 8176 names it: `pwd`, `otp`, …
 * @property {string} authTime When, by the server's clock (RFC 3339).
 * @property {string | null} expiresAt When the session ends at the latest, by the server's clock. For display only: this
 *   machine's clock may be wrong by hours. `null` after a page load, until the first refresh.
 */

/**
 * The signed-in person's profile, `GET /user/me`.
 *
 * @typedef {object} User
 * @property {string} id
 * @property {string} email
 * @property {boolean} emailVerified
 * @property {string} name
 * @property {string[]} roles
 * @property {string} organizationId
 * @property {string} createdAt
 * @property {string[]} mfa Second factors that are set up.
 */

/**
 * One place where the person is signed in, `GET /user/sessions`.
 *
 * @typedef {object} Device
 * @property {string} id
 * @property {boolean} current Whether it is this browser's.
 * @property {{name: string, browser: string, os: string, type: string}} device
 * @property {string} ip
 * @property {string} [place]
 * @property {string} createdAt
 * @property {string} lastActiveAt
 * @property {string} authTime
 * @property {string[]} amr
 */

/**
 * `loading`: not known yet. `degraded`: signed in, but the last refresh did not get through; it is tried again.
 *
 * @typedef {'loading' | 'signed-in' | 'signed-out' | 'degraded'} Status
 */

/**
 * The auth state at one moment. The same object until something changes.
 *
 * @typedef {object} Snapshot
 * @property {Status} status
 * @property {Session | null} session
 * @property {PosternError | null} error Why it is `degraded`, why the session ended, or why `loading` takes so long.
 */

/**
 * | event | when |
 * |---|---|
 * | `initial` | once for each listener: the state is known |
 * | `signed-in` | a sign-in, here or in another tab |
 * | `signed-out` | a sign-out, here or in another tab |
 * | `session-expired` | the server has ended the session; `getSnapshot().error.code` says why |
 * | `token-refreshed` | a new access token, fetched here or in another tab |
 * | `refresh-failed` | the state is now `degraded` |
 * | `unauthorized-loop` | an API refuses tokens that were just refreshed; refreshing for it stops for five minutes |
 *
 * @typedef {'initial' | 'signed-in' | 'signed-out' | 'session-expired' | 'token-refreshed' | 'refresh-failed'
 *   | 'unauthorized-loop'} AuthEvent
 */

/** @typedef {(event: AuthEvent, session: Session | null) => void} AuthListener */

/**
 * Expected failures are values. `unwrap` turns them into exceptions.
 *
 * @template T
 * @typedef {{data: T, error: null} | {data: null, error: PosternError}} Result
 */

/**
 * @typedef {{status: 'complete', session: Session}
 *   | {status: 'mfa_required', mfaToken: string, methods: string[]}} SignInStep
 */

/** @typedef {{signal?: AbortSignal}} CallOptions */

/**
 * @typedef {object} Options
 * @property {string} baseUrl Where Postern is, e.g. `https://auth.example.com`. Must share the app's registrable domain,
 *   or browsers will not send its cookies.
 * @property {string[]} [apiOrigins] Origins of your own APIs that `fetch` may call with cookies, besides the page's own.
 * @property {boolean} [autoRefresh] Refresh before the access token expires, while the page is visible. Default true;
 *   turn it off where an open page must not keep a session from idling out.
 * @property {number} [timeoutMs] Limit of one request; 10,000. Refreshing has its own 5,000, which the server's grace of
 *   30 seconds is made for.
 * @property {Session | null} [initialSession] What the server side has found: `undefined` not known, `null` signed out.
 * @property {typeof globalThis.fetch} [fetch]
 */

/**
 * What the SDK needs of a browser. `createClient` takes the real ones; tests hand in others.
 *
 * @typedef {object} Environment
 * @property {(request: Request) => Promise<Response>} fetch
 * @property {() => number} now Wall clock, milliseconds. May be wrong and may jump.
 * @property {() => number} ticks Monotonic clock, milliseconds. May stand still while the machine sleeps.
 * @property {(run: () => void, ms: number) => unknown} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {() => number} random
 * @property {KeyValue | null} storage Shared by the tabs of an origin.
 * @property {Locks | null} locks Shared by the tabs of an origin.
 * @property {((name: string) => Channel) | null} channel
 * @property {() => boolean} isVisible
 * @property {() => boolean} isOnline
 * @property {(wake: (why: Wake) => void) => () => void} onWake Calls when the page may have slept; returns the way to stop.
 * @property {string | null} href The page's address.
 */

/** @typedef {'visible' | 'online' | 'restored'} Wake `restored` is a return from the back/forward cache. */
/** @typedef {Pick<Storage, 'getItem' | 'setItem'>} KeyValue */
/** @typedef {{request<T>(name: string, options: {signal: AbortSignal}, run: () => Promise<T>): Promise<T>}} Locks */
/**
 * @typedef {object} Channel
 * @property {(message: any) => void} postMessage
 * @property {((event: any) => void) | null} onmessage
 * @property {() => void} close
 */

/**
 * What tabs know in common: which change of the session was the last one. No token, no name, no address.
 *
 * @typedef {object} Mark
 * @property {number} seq Grows with every change, in every tab.
 * @property {boolean} out Signed out.
 * @property {number} at When the token's life began, by this machine's wall clock.
 * @property {number} ttl The access token's life in milliseconds.
 * @property {string} sid The session's id, to notice that another person has signed in.
 * @property {AuthEvent} reason What has happened.
 */

export {};
