/**
 * The session of this tab: whose it is, how long its access token lives, and the one refresh that all of the tab's requests
 * and all of the browser's tabs share.
 *
 * Rules that are easy to break: only [`OVER`] codes of a 401 end a session; nothing here calls the `fetch` that handles
 * 401s; after each wait the world may have changed, so `seq` and the signal are looked at again.
 *
 * @module
 */

import { PosternError } from './errors.js';
import { adopt, begin, isOver, moment, remaining } from './lifetime.js';
import { done, failed, patience, pause, strange } from './wire.js';

/** @typedef {import('./types.js').Session} Session */
/** @typedef {import('./types.js').Mark} Mark */
/** @typedef {import('./types.js').AuthEvent} AuthEvent */
/** @typedef {import('./lifetime.js').Lifetime} Lifetime */
/** @typedef {import('./tabs.js').News} News */

/**
 * @template T
 * @typedef {import('./types.js').Result<T>} Result
 */

/** @typedef {{expiresIn: number, session: Session}} Grant */

/**
 * The 401s of a refresh that mean: sign in again. `unauthenticated` says that no cookie came, so nobody is signed in here.
 * Every other failure, also a 401 that some proxy made, leaves the session as it is.
 */
const OVER = ['refresh_invalid', 'refresh_reused', 'session_revoked', 'session_expired', 'unauthenticated'];

/** An answer that has not come by then is asked for again; the server gives the same for 30 seconds (SECURITY.md D3). */
const REFRESH_TIMEOUT = 5_000;
const REFRESH_RETRIES = 2;
/** No try begins later than this after the first, so that the last one arrives within the server's grace. */
const LAST_TRY = 15_000;
/** Longer than a refresh takes with all its tries. */
const PATIENCE = 20_000;
/** After a refresh that failed: this, doubled each time, up to five minutes. The first are still within the grace. */
const TRY_AGAIN = 5_000;
const TRY_AGAIN_MOST = 300_000;
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * @param {import('./types.js').Environment} env
 * @param {ReturnType<typeof import('./wire.js').createWire>} wire
 * @param {ReturnType<typeof import('./tabs.js').createTabs>} tabs
 * @param {ReturnType<typeof import('./state.js').createState>} state
 * @param {boolean} autoRefresh
 */
export function createSession(env, wire, tabs, state, autoRefresh) {
  /** The last change that this tab knows of. */
  let seq = 0;
  /** @type {Lifetime | null} Of the access token; `null` when unknown. */
  let life = null;
  /** Refreshes that failed since the last that did not. */
  let failures = 0;
  /** @type {any} */
  let timer = null;
  /** @type {Promise<Result<Session>> | null} */
  let running = null;
  /** @type {Promise<void> | null} */
  let starting = null;
  /** Ends the refresh under way when its session is no longer ours. */
  let superseding = new AbortController();
  let stopWaking = () => {};

  const current = () => state.get().session;
  const isLive = () => life !== null && !isOver(env, life);
  const isDue = () => failures > 0 || life === null || remaining(env, life) <= life.due;

  function supersede() {
    superseding.abort();
    superseding = new AbortController();
    running = null;
  }

  const next = () => Math.max(env.now(), seq + 1, (tabs.mark()?.seq ?? 0) + 1);

  /** A session, new or refreshed. @param {number} at @param {Lifetime | null} lasting @param {Session} session @param {AuthEvent} [event] */
  function take(at, lasting, session, event) {
    const before = current();
    if (before?.id !== session.id) {
      if (before) supersede();
      event = 'signed-in';
    }
    seq = at;
    life = lasting;
    failures = 0;
    state.set({ status: 'signed-in', session, error: null }, event);
    schedule();
  }

  /** No session any more. @param {number} at @param {AuthEvent} event @param {PosternError | null} error */
  function leave(at, event, error) {
    const wasIn = state.get().status !== 'signed-out';
    seq = at;
    life = null;
    failures = 0;
    supersede();
    wire.forgetCsrf();
    state.set({ status: 'signed-out', session: null, error }, wasIn ? event : undefined);
    schedule();
  }

  /** What the server has granted to this tab. @param {Grant} grant @param {import('./lifetime.js').Moment} began @param {AuthEvent} event */
  function commit({ expiresIn, session }, began, event) {
    const ttl = expiresIn * 1000;
    const mark = { seq: next(), out: false, at: began.wall, ttl, sid: session.id, reason: event };
    if (event === 'signed-in') supersede();
    take(mark.seq, begin(env, ttl, began), session, event);
    tabs.publish({ ...mark, session });
  }

  /** Tells all tabs that there is no session. @param {AuthEvent} event @param {PosternError | null} error */
  function end(event, error) {
    const mark = { seq: next(), out: true, at: env.now(), ttl: 0, sid: '', reason: event };
    leave(mark.seq, event, error);
    tabs.publish(mark);
  }

  /** @param {News | null} news */
  function hear(news) {
    // Channels keep the order of one sender only: news older than what is known here are no news.
    if (!news || news.seq <= seq) return;
    if (news.out) return leave(news.seq, news.reason, null);
    const before = current();
    const isSame = before?.id === news.sid;
    const session = news.session ?? (isSame ? before : null);
    if (!isSame) wire.forgetCsrf();
    if (session) return take(news.seq, adopt(env, news), session, news.reason);
    // Somebody else has signed in, but marks do not say who: the server does.
    seq = news.seq;
    life = adopt(env, news);
    if (!before) return;
    supersede();
    state.set({ status: 'loading', session: null, error: null });
    starting = find().then(() => {});
  }

  /** Reads what other tabs wrote down, for news may have been missed in sleep. */
  const sync = () => hear(tabs.mark());

  /** Asks the server whose access token this browser has. @returns {Promise<Result<Session>>} */
  async function look() {
    const asked = seq;
    const began = moment(env);
    const { data, error } = await wire.send('GET', '/auth/verify-token');
    const before = current();
    // Meanwhile a refresh or another tab may have told more than this answer knows.
    if (seq !== asked) return before ? done(before) : failed(missing());
    if (error) return failed(error);
    const { sessionId: id, userId, organizationId, roles, authTime, amr } = data;
    if (typeof id !== 'string') return failed(strange());
    const isSame = before?.id === id;
    if (!isSame) wire.forgetCsrf();
    /** @type {Session} */
    const session = { id, userId, organizationId, roles, authTime, amr, expiresAt: isSame ? before.expiresAt : null };
    // The token knows seconds only: the same moment, less precise, is no change.
    if (isSame && before.authTime.startsWith(authTime.slice(0, 19))) session.authTime = before.authTime;
    // A look is no change: the mark and its number stay as they are.
    // What is left is less than a whole life, of which the third would be too short: keep what was known of the life.
    const lasting = life ?? (data.expiresIn ? begin(env, data.expiresIn * 1000, began) : null);
    take(seq, lasting, session);
    return done(session);
  }

  /** Finds out who is signed in, with as few calls as possible. @returns {Promise<Result<Session>>} */
  async function find() {
    // Without a life but with a session, the page's server has found it.
    if (isLive() || (!life && current())) {
      const seen = await look();
      if (!seen.error) return seen;
      if (seen.error.status !== 401) return struggle(seen.error);
    }
    return refresh();
  }

  /** Not known, not over: try again later. @param {PosternError} error @returns {Result<Session>} */
  function struggle(error) {
    failures++;
    const { session, status } = state.get();
    if (session) state.set({ status: 'degraded', error }, status === 'degraded' ? undefined : 'refresh-failed');
    else if (status === 'loading') state.set({ error });
    schedule(error.retryAfter);
    return failed(error);
  }

  /** @param {number} [retryAfter] seconds */
  function schedule(retryAfter = 0) {
    env.clearTimeout(timer);
    timer = null;
    const { status } = state.get();
    let wait;
    if (status === 'signed-out' || (!autoRefresh && status !== 'loading')) return;
    if (failures > 0) {
      const most = Math.min(TRY_AGAIN_MOST, TRY_AGAIN * 2 ** (failures - 1));
      wait = Math.max(retryAfter * 1000, most * (0.5 + env.random() / 2));
    } else if (life) wait = Math.max(TRY_AGAIN, remaining(env, life) - life.due);
    else return;
    // A hidden tab does not refresh by itself: it would keep a session from idling out that nobody uses.
    timer = env.setTimeout(() => env.isVisible() && wake('visible'), Math.min(wait, LONGEST_TIMER));
  }

  /** @param {import('./types.js').Wake} why */
  function wake(why) {
    const last = starting;
    sync();
    // It is being found out already.
    if (starting !== last) return;
    const { status } = state.get();
    if (why === 'online') tabs.forgive();
    if (status === 'signed-out' && why !== 'restored') return;
    // A page from the back/forward cache may show what somebody has signed out of elsewhere.
    if (status === 'loading' || why === 'restored') void find();
    else if (autoRefresh && isDue()) void refresh();
    // Timers run a little early, and clocks are set: not due yet.
    else schedule();
  }

  /**
   * A newer token than that of `since`; one refresh for all who ask meanwhile. Never rejects.
   *
   * @param {number} [since]
   * @returns {Promise<Result<Session>>}
   */
  function refresh(since = seq) {
    const session = current();
    if (seq > since && session && isLive()) return Promise.resolve(done(session));
    if (running) return running;
    const { signal } = superseding;
    const mine = tabs
      .alone(PATIENCE, () => turn(since, signal))
      .finally(() => {
        if (running === mine) running = null;
      });
    running = mine;
    return mine;
  }

  /** The refresh itself, alone among the tabs. @param {number} since @param {AbortSignal} signal @returns {Promise<Result<Session>>} */
  async function turn(since, signal) {
    const first = env.ticks();
    for (let attempt = 0; ; attempt++) {
      sync();
      if (signal.aborted) return superseded();
      if (seq > since && isLive()) return current() ? superseded() : look();
      const recent = attempt === 0 ? tabs.failure(seq) : null;
      if (recent) {
        const error = new PosternError(recent.code, recent);
        return failures > 0 ? failed(error) : struggle(error);
      }

      const base = seq;
      const began = moment(env);
      // Kept alive: most answers that get lost do so because somebody has followed a link.
      const sending = { csrf: true, keepalive: true, timeoutMs: REFRESH_TIMEOUT, signal };
      const { data, error } = await wire.send('POST', '/auth/refresh', sending);
      sync();
      if (signal.aborted) return superseded();
      if (!error && isGrant(data)) {
        commit(data, began, 'token-refreshed');
        return done(data.session);
      }
      const failure = error ?? strange();
      if (failure.status === 401 && OVER.includes(failure.code)) {
        // It may have been said of cookies that another tab has replaced since.
        if (seq === base) return over(failure);
      }
      const wait = patience(env, attempt, failure);
      const isLast = attempt === REFRESH_RETRIES || env.ticks() - first + wait > LAST_TRY;
      if (isLast || failure.code === 'offline') {
        tabs.fail({ ...failure, seq });
        return struggle(failure);
      }
      await pause(env, wait, signal);
    }
  }

  /** @param {PosternError} failure @returns {Result<Session>} */
  function over(failure) {
    const isCookieMissing = failure.code === 'unauthenticated';
    const error = isCookieMissing ? missing() : failure;
    // A visitor. Other tabs need not hear of it: one of them may be signing in just now.
    if (isCookieMissing && !current()) leave(seq, 'signed-out', null);
    else end('session-expired', error);
    return failed(error);
  }

  /** @returns {Result<Session>} */
  function superseded() {
    const session = current();
    return session ? done(session) : failed(missing());
  }

  return {
    seq: () => seq,
    isSignedIn: () => current() !== null,
    /** Whether the token is known to be of no use any more. */
    isSpent: () => current() !== null && life !== null && isOver(env, life),
    find,
    refresh,
    commit,
    end,

    /** Listens to other tabs and finds out who is signed in. Once. */
    start() {
      starting ??= (async () => {
        tabs.open(hear);
        stopWaking = env.onWake(wake);
        const mark = tabs.mark();
        const session = current();
        seq = mark?.seq ?? 0;
        if (mark && !mark.out && (!session || session.id === mark.sid)) life = adopt(env, mark);
        // The page's server sees no refresh cookie: its "signed out" holds only if no tab knows better.
        if (state.get().status === 'signed-out' && (!mark || mark.out)) return;
        await find();
      })();
      return starting;
    },

    /** Refreshes in the background when that is due. */
    nudge() {
      if (autoRefresh && current() && life && failures === 0 && isDue()) void refresh();
    },

    dispose() {
      env.clearTimeout(timer);
      stopWaking();
      supersede();
      tabs.close();
    },
  };
}

const missing = () => new PosternError('session_missing');

/** @param {any} data @returns {data is Grant} */
export function isGrant(data) {
  return data?.status === 'complete' && data.expiresIn > 0 && typeof data.session?.id === 'string';
}
