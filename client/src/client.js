/**
 * `createClient`: puts the parts together and names what an app can do.
 *
 * @module
 */

import { browserEnvironment } from './environment.js';
import { PosternError } from './errors.js';
import { createFetch } from './fetch.js';
import { moment } from './lifetime.js';
import { createSession, isGrant } from './session.js';
import { createState } from './state.js';
import { createTabs } from './tabs.js';
import { createWire, done, failed, patience, pause, read, strange } from './wire.js';

/**
 * @template T
 * @typedef {import('./types.js').Result<T>} Result
 */

/** @typedef {import('./types.js').CallOptions} CallOptions */
/** @typedef {import('./types.js').Session} Session */
/** @typedef {import('./types.js').SignInStep} SignInStep */
/** @typedef {ReturnType<typeof createClient>} Client */

/** Signing in waits no longer for another tab's refresh. */
const PATIENCE = 5_000;
const RETRIES = 2;

/**
 * A client of one Postern. Make one per page and keep it; it does nothing until somebody asks it something.
 *
 * @param {import('./types.js').Options} options
 * @param {import('./types.js').Environment} [environment] Another browser than the real one; for tests.
 */
export function createClient(options, environment) {
  const { baseUrl, apiOrigins = [], autoRefresh = true, timeoutMs = 10_000, initialSession } = options;
  const env = environment ?? browserEnvironment(options.fetch);
  const base = new URL(baseUrl);
  const state = createState(initialSession);
  const tabs = createTabs(env, `postern.v1:${base.href}`);
  const wire = createWire(env, base, timeoutMs);
  const session = createSession(env, wire, tabs, state, autoRefresh);
  const request = createFetch(env, wire, state, session, base, apiOrigins);

  /** A call that needs no session. @param {string} path @param {object} body @param {CallOptions} [call] @returns {Promise<Result<any>>} */
  const post = (path, body, { signal } = {}) => wire.send('POST', path, { body, signal });

  /**
   * Again, where the server or the network is in trouble.
   *
   * @param {() => Promise<Result<any>>} run
   * @param {AbortSignal} [signal]
   * @returns {Promise<Result<any>>}
   */
  async function insist(run, signal) {
    for (let attempt = 0; ; attempt++) {
      const result = await run();
      const { retryable, code } = result.error ?? {};
      const wait = patience(env, attempt, result.error);
      if (!retryable || code === 'offline' || attempt === RETRIES || wait > timeoutMs) return result;
      await pause(env, wait, signal);
    }
  }

  /**
   * A call of the signed-in person.
   *
   * @param {string} method
   * @param {string} path
   * @param {CallOptions} [call]
   * @param {object} [body]
   * @returns {Promise<Result<any>>}
   */
  const own = (method, path, { signal } = {}, body) =>
    request(wire.request(method, path, { body, signal }), timeoutMs, read).catch(failed);

  /** @param {string} path @param {CallOptions} [call] */
  const get = (path, call) => insist(() => own('GET', path, call), call?.signal);

  /** @type {Map<string, Promise<Result<any>>>} */
  const clicks = new Map();

  /** Spends a link of a mail once, however often a page's effects run; so nobody can call it off for the others. @param {string} path @param {string} token @returns {Promise<Result<any>>} */
  function spend(path, token) {
    const key = `${path} ${token}`;
    const known = clicks.get(key);
    if (known) return known;
    const click = post(path, { token });
    clicks.set(key, click);
    // What else the server said of a link, it would say again.
    void click.then(({ error }) => error?.retryable && clicks.delete(key));
    return click;
  }

  /** @param {Promise<Result<any>>} result @returns {Promise<Result<void>>} */
  const nothing = async (result) => {
    const { error } = await result;
    return error ? failed(error) : done(undefined);
  };

  return {
    signIn: {
      /**
       * Signs in with an e-mail address and a password.
       *
       * @param {{email: string, password: string, captchaToken?: string}} credentials
       * @param {CallOptions} [call]
       * @returns {Promise<Result<SignInStep>>}
       */
      password: (credentials, call) => {
        void session.start();
        // Not while another tab refreshes: its late answer would overwrite the cookies of the new session.
        return tabs.alone(PATIENCE, async () => {
          const began = moment(env);
          const { data, error } = await post('/auth/login', credentials, call);
          if (error) return failed(error);
          if (data.status === 'mfa_required') return done(data);
          if (!isGrant(data)) return failed(strange());
          // Its next change needs the token anyway, and only a second call shows whether the cookies have been kept.
          wire.forgetCsrf();
          const second = await wire.csrf(PATIENCE);
          if (second.error?.code === 'unauthenticated') {
            return failed(new PosternError('cookies_blocked'));
          }
          session.commit(data, began, 'signed-in');
          return done({ status: 'complete', session: data.session });
        });
      },
    },

    /**
     * Signs up. The answer is the same for an address that is taken; what comes next is in the mail.
     *
     * @param {{email: string, password: string, name: string, organization?: {name: string, slug?: string},
     *   captchaToken?: string}} person
     * @param {CallOptions} [call]
     * @returns {Promise<Result<{status: 'verification_required'}>>}
     */
    signUp: (person, call) => post('/auth/signup', person, call),

    /**
     * Signs out: here, everywhere else, or everywhere. On failure nothing has changed and the person is still signed in:
     * only the server can take the cookies back.
     *
     * @param {{scope?: 'this' | 'others' | 'all'}} [choice]
     * @returns {Promise<Result<void>>}
     */
    async signOut({ scope = 'this' } = {}) {
      if (scope === 'others') return nothing(own('DELETE', '/user/sessions'));
      void session.start();
      const path = scope === 'all' ? '/auth/logout?all=true' : '/auth/logout';
      const { error } = await insist(() => wire.send('POST', path, { csrf: true, keepalive: true }));
      // "No cookie came" says that there is nothing to sign out of.
      if (error && error.code !== 'unauthenticated') return failed(error);
      session.end('signed-out', null);
      return done(undefined);
    },

    email: {
      /** @param {string} token @returns {Promise<Result<{status: 'verified'}>>} */
      verify: (token) => spend('/auth/verify-email', token),
      /** @param {string} email @param {CallOptions} [call] @returns {Promise<Result<void>>} */
      resend: (email, call) => nothing(post('/auth/verify-email/resend', { email }, call)),
    },

    password: {
      /** Asks for a mail with a link. @param {string} email @param {CallOptions} [call] @returns {Promise<Result<void>>} */
      forgot: (email, call) => nothing(post('/auth/password/forgot', { email }, call)),
      /** @param {{token: string, password: string}} change @param {CallOptions} [call] @returns {Promise<Result<void>>} */
      reset: (change, call) => nothing(post('/auth/password/reset', change, call)),
      /** @param {{currentPassword: string, newPassword: string}} change @param {CallOptions} [call] @returns {Promise<Result<void>>} */
      change: (change, call) => nothing(own('POST', '/auth/password/change', call, change)),
    },

    /** Unlocks an account by the link of the mail. @param {string} token @returns {Promise<Result<void>>} */
    unlock: (token) => nothing(spend('/auth/unlock', token)),

    sessions: {
      /** @param {CallOptions} [call] @returns {Promise<Result<import('./types.js').Device[]>>} */
      async list(call) {
        const { data, error } = await get('/user/sessions', call);
        return error ? failed(error) : done(data.sessions);
      },
      /** Ends one; one's own is a sign-out. @param {string} id @param {CallOptions} [call] @returns {Promise<Result<void>>} */
      async revoke(id, call) {
        const result = await nothing(own('DELETE', `/user/sessions/${encodeURIComponent(id)}`, call));
        if (!result.error && id === state.get().session?.id) session.end('signed-out', null);
        return result;
      },
      /** @param {CallOptions} [call] @returns {Promise<Result<{revoked: number}>>} */
      revokeOthers: (call) => own('DELETE', '/user/sessions', call),
    },

    /** The signed-in person's profile. @param {CallOptions} [call] @returns {Promise<Result<import('./types.js').User>>} */
    me: (call) => get('/user/me', call),

    /**
     * Who is signed in, `null` for nobody. The first call may ask the server, later ones do so only when told to.
     *
     * @param {{fresh?: boolean}} [choice]
     * @returns {Promise<Result<Session | null>>}
     */
    async getSession({ fresh = false } = {}) {
      await session.start();
      if (fresh && session.isSignedIn()) {
        const { error } = await session.find();
        if (error && session.isSignedIn()) return failed(error);
      }
      const now = state.get();
      return now.status === 'loading' && now.error ? failed(now.error) : done(now.session);
    },

    /** Refreshes now; all who ask at the same time, in all tabs, share one refresh. @returns {Promise<Result<Session>>} */
    async refresh() {
      await session.start();
      return session.refresh();
    },

    /**
     * The platform's `fetch` for your own APIs, with cookies, a limit of time (10 s until the answer begins; 0 for none),
     * and at most two refreshes when the answer is a 401. Rejects with a `PosternError` when there is no answer.
     *
     * @param {string | URL | Request} input
     * @param {RequestInit & {timeoutMs?: number}} [init]
     * @returns {Promise<Response>}
     */
    async fetch(input, { timeoutMs: limit = timeoutMs, ...init } = {}) {
      const target = input instanceof Request ? input : new URL(input, env.href ?? base);
      return request(new Request(target, { credentials: 'include', ...init }), limit, async (response) => response);
    },

    /** Returns the way to stop. @param {import('./types.js').AuthListener} listener @returns {() => void} */
    onAuthStateChange(listener) {
      void session.start();
      return state.listen(listener);
    },

    /** With `getSnapshot`, for `useSyncExternalStore`. @param {() => void} changed @returns {() => void} */
    subscribe(changed) {
      void session.start();
      return state.subscribe(changed);
    },
    getSnapshot: state.get,
    getServerSnapshot: state.first,

    /** Stops timers and listening. A client that was disposed of stays so. */
    dispose: session.dispose,
  };
}
