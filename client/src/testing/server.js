/**
 * A Postern in memory that keeps to the real one's rules for sessions: rotation, grace, replay, CSRF, expiry.
 *
 * It stores passwords and tokens as they are, knows no rate limits and sends no mail. For tests only.
 *
 * @module
 */

/** @typedef {{name: string, value: string, path: string, maxAge: number}} Cookie */
/** @typedef {{status: number, headers: Record<string, string>, body: any, cookies: Cookie[]}} Answer */
/** @typedef {{id: string, email: string, password: string, name: string, isVerified: boolean, failures: number}} Account */
/**
 * @typedef {object} Family
 * @property {string} id
 * @property {Account} account
 * @property {number} generation
 * @property {number} rotatedAt
 * @property {number} startedAt
 * @property {string | null} ended Why, as a code.
 */
/** @typedef {{method: string, path: string, query: URLSearchParams, cookies: Map<string, string>, header: (name: string) => string | null, body: any}} Incoming */
/** @typedef {{to: string, kind: 'verify' | 'reset' | 'unlock', token: string}} Mail */
/** @typedef {ReturnType<typeof createServer>} Server */

export const ACCESS = 'postern_v1_access';
export const REFRESH = 'postern_v1_refresh';

const GRACE = 30_000;
const YOUNG = 60_000;
const FAILURES = 5;

/**
 * @param {{now: () => number}} clock
 * @param {{accessTtl?: number, sessionTtl?: number}} [settings] Seconds.
 */
export function createServer(clock, { accessTtl = 900, sessionTtl = 30 * 86_400 } = {}) {
  let count = 0;
  const fresh = (/** @type {string} */ kind) => `${kind}-${++count}`;
  /** @type {Map<string, Account>} */
  const accounts = new Map();
  /** @type {Map<string, Family>} */
  const families = new Map();
  /** @type {Map<string, Mail & {isUsed: boolean}>} */
  const links = new Map();

  const iso = (/** @type {number} */ ms) => new Date(ms).toISOString();
  const day = () => Math.floor(clock.now() / 86_400_000);
  const refreshToken = (/** @type {Family} */ family, generation = family.generation) => `r.${family.id}.${generation}`;
  const csrfToken = (/** @type {Family} */ family) => `csrf.${family.id}.${day()}`;

  /** @param {Family} family */
  const view = (family) => ({
    id: family.id,
    userId: family.account.id,
    organizationId: `org-${family.account.id}`,
    roles: ['owner'],
    authTime: iso(family.startedAt),
    amr: ['pwd'],
    expiresAt: iso(family.startedAt + sessionTtl * 1000),
  });

  /** @param {Family} family @param {boolean} isRotated @param {boolean} [isRefresh] @returns {Answer} */
  const grant = (family, isRotated, isRefresh = true) => {
    const access = `a.${family.id}.${clock.now() + accessTtl * 1000}.${++count}`;
    const cookies = [{ name: ACCESS, value: access, path: '/', maxAge: accessTtl }];
    if (isRotated) cookies.push({ name: REFRESH, value: refreshToken(family), path: '/auth', maxAge: sessionTtl });
    const rotated = isRefresh ? { rotated: isRotated } : {};
    return ok({ status: 'complete', expiresIn: accessTtl, ...rotated, session: view(family) }, cookies);
  };

  /** Whose access token this is. @param {Incoming} incoming @returns {Family} */
  const caller = (incoming) => {
    const [, id, expires] = incoming.cookies.get(ACCESS)?.split('.') ?? [];
    const family = families.get(id ?? '');
    if (!family) throw problem(401, 'unauthenticated');
    if (Number(expires) <= clock.now()) throw problem(401, 'token_expired');
    if (family.ended) throw problem(401, 'session_revoked');
    return family;
  };

  /** The session that the cookies show, live or not. @param {Incoming} incoming */
  const shown = ({ cookies }) => {
    const [, id] = (cookies.get(ACCESS) ?? cookies.get(REFRESH))?.split('.') ?? [];
    return families.get(id ?? '');
  };

  /** @param {Incoming} incoming @param {Family} family */
  const checkCsrf = (incoming, family) => {
    const token = incoming.header('x-csrf-token');
    const isGood = [0, 1].some((ago) => token === `csrf.${family.id}.${day() - ago}`);
    if (!isGood) throw problem(403, 'csrf_invalid');
  };

  const cleared = [ACCESS, REFRESH].map((name) => ({ name, value: '', path: name === ACCESS ? '/' : '/auth', maxAge: 0 }));

  /** @param {Incoming} incoming @returns {Answer} */
  function refresh(incoming) {
    const [, id, number] = incoming.cookies.get(REFRESH)?.split('.') ?? [];
    if (id === undefined) throw problem(401, 'unauthenticated');
    const family = families.get(id);
    const refuse = (/** @type {string} */ code) => ({ ...problem(401, code), cookies: cleared });
    if (!family) throw refuse('refresh_invalid');
    checkCsrf(incoming, family);
    if (family.ended) throw refuse(family.ended);
    if (clock.now() >= family.startedAt + sessionTtl * 1000) throw refuse('session_expired');
    const age = clock.now() - family.rotatedAt;
    if (Number(number) === family.generation) {
      if (age < YOUNG) return grant(family, false);
      family.generation++;
      family.rotatedAt = clock.now();
      return grant(family, true);
    }
    // The immediate predecessor, for a while, because answers get lost. Anything else is a replay.
    if (Number(number) === family.generation - 1 && age < GRACE) return grant(family, true);
    family.ended = 'session_revoked';
    server.replays++;
    throw refuse('refresh_reused');
  }

  /** @param {string} email @param {Mail['kind']} kind */
  const mail = (email, kind) => {
    const link = { to: email, kind, token: fresh(kind), isUsed: false };
    links.set(link.token, link);
    server.mails.push(link);
  };

  /** @param {Incoming} incoming @param {Mail['kind']} kind */
  const spend = ({ body }, kind) => {
    const link = links.get(body?.token);
    const account = accounts.get(link?.to ?? '');
    if (link?.kind !== kind || !account) throw problem(400, 'token_invalid');
    if (link.isUsed) throw problem(410, 'token_used');
    link.isUsed = true;
    return account;
  };

  const endAll = (/** @type {Account} */ account, /** @type {string | undefined} */ except) => {
    const theirs = [...families.values()].filter((f) => f.account === account && f.id !== except && !f.ended);
    for (const family of theirs) family.ended = 'session_revoked';
    return theirs.length;
  };

  /** @type {Record<string, (incoming: Incoming, id: string) => Answer>} */
  const routes = {
    'POST /auth/signup'({ body }) {
      if (!accounts.has(body.email)) {
        server.addUser({ ...body, isVerified: false });
        mail(body.email, 'verify');
      }
      return ok({ status: 'verification_required' }, [], 202);
    },
    'POST /auth/verify-email'(incoming) {
      spend(incoming, 'verify').isVerified = true;
      return ok({ status: 'verified' });
    },
    'POST /auth/verify-email/resend'({ body }) {
      if (accounts.get(body.email)?.isVerified === false) mail(body.email, 'verify');
      return ok({}, [], 202);
    },
    'POST /auth/login'({ body }) {
      const account = accounts.get(body.email);
      if (account && account.failures >= FAILURES) throw problem(423, 'account_locked', { 'retry-after': '900' });
      if (account?.password !== body.password || !account) {
        if (account && ++account.failures === FAILURES) mail(account.email, 'unlock');
        const refusal = problem(401, 'invalid_credentials');
        refusal.body.captchaRequired = (account?.failures ?? 0) >= 3;
        throw refusal;
      }
      if (!account.isVerified) throw problem(403, 'email_not_verified');
      account.failures = 0;
      return grant(server.startSession(account.email), true, false);
    },
    'POST /auth/refresh': refresh,
    'POST /auth/logout'(incoming) {
      const family = shown(incoming);
      if (family) {
        checkCsrf(incoming, family);
        if (incoming.query.get('all') === 'true') endAll(family.account, undefined);
        family.ended ??= 'session_revoked';
      }
      return { status: 204, headers: {}, body: null, cookies: cleared };
    },
    'GET /auth/csrf'(incoming) {
      const family = shown(incoming);
      if (!family) throw problem(401, 'unauthenticated');
      return ok({ csrfToken: csrfToken(family) });
    },
    'GET /auth/verify-token'(incoming) {
      const family = caller(incoming);
      const expires = Number(incoming.cookies.get(ACCESS)?.split('.')[2]);
      const { id, ...rest } = view(family);
      // A token holds whole seconds.
      const authTime = `${rest.authTime.slice(0, 19)}.000Z`;
      const answer = ok({ active: true, ...rest, authTime, sessionId: id, expiresAt: iso(expires) });
      answer.headers['postern-expires-in'] = String(Math.floor((expires - clock.now()) / 1000));
      return answer;
    },
    'HEAD /auth/verify-token'(incoming) {
      const { headers } = /** @type {any} */ (routes)['GET /auth/verify-token'](incoming);
      return { status: 204, headers, body: null, cookies: [] };
    },
    'POST /auth/password/forgot'({ body }) {
      if (accounts.has(body.email)) mail(body.email, 'reset');
      return ok({}, [], 202);
    },
    'POST /auth/password/reset'(incoming) {
      const account = spend(incoming, 'reset');
      account.password = incoming.body.password;
      endAll(account, undefined);
      return ok({ status: 'reset' });
    },
    'POST /auth/password/change'(incoming) {
      const family = caller(incoming);
      checkCsrf(incoming, family);
      if (incoming.body.currentPassword !== family.account.password) throw problem(401, 'invalid_credentials');
      family.account.password = incoming.body.newPassword;
      endAll(family.account, family.id);
      return ok({ status: 'changed' });
    },
    'POST /auth/unlock'(incoming) {
      spend(incoming, 'unlock').failures = 0;
      return ok({ status: 'unlocked' });
    },
    'GET /user/me'(incoming) {
      const { account, startedAt } = caller(incoming);
      const { id, email, name, isVerified: emailVerified } = account;
      const organizationId = `org-${id}`;
      const createdAt = iso(startedAt);
      return ok({ id, email, emailVerified, name, roles: ['owner'], organizationId, createdAt, mfa: [] });
    },
    'GET /user/sessions'(incoming) {
      const own = caller(incoming);
      const device = { name: 'Firefox on Linux', browser: 'Firefox', os: 'Linux', type: 'desktop' };
      const list = [...families.values()].filter((family) => family.account === own.account && !family.ended);
      const sessions = list.map((family) => {
        const times = { createdAt: iso(family.startedAt), lastActiveAt: iso(family.rotatedAt), authTime: iso(family.startedAt) };
        return { id: family.id, current: family === own, device, ip: '192.0.2.1', ...times, amr: ['pwd'] };
      });
      return ok({ sessions });
    },
    'DELETE /user/sessions'(incoming) {
      const family = caller(incoming);
      checkCsrf(incoming, family);
      return ok({ revoked: endAll(family.account, family.id) });
    },
    'DELETE /user/sessions/*'(incoming, id) {
      const own = caller(incoming);
      checkCsrf(incoming, own);
      const family = families.get(id);
      if (family?.account !== own.account || family.ended) throw problem(404, 'not_found');
      family.ended = 'session_revoked';
      return { status: 204, headers: {}, body: null, cookies: [] };
    },
  };

  const server = {
    /** Mails that would have been sent. @type {Mail[]} */
    mails: [],
    /** Sessions that ended because a refresh token was used again too late. */
    replays: 0,

    /** @param {{email: string, password: string, name?: string, isVerified?: boolean}} person @returns {Account} */
    addUser({ email, password, name = 'Kim', isVerified = true }) {
      const account = { id: fresh('user'), email, password, name, isVerified, failures: 0 };
      accounts.set(email, account);
      return account;
    },

    /** A session as if by sign-in somewhere. @param {string} email @returns {Family} */
    startSession(email) {
      const account = accounts.get(email);
      if (!account) throw new Error(`there is no ${email}`);
      const now = clock.now();
      /** @type {Family} */
      const family = { id: fresh('session'), account, generation: 0, rotatedAt: now, startedAt: now, ended: null };
      families.set(family.id, family);
      return family;
    },

    /** Ends a session behind everybody's back. @param {string} id @param {string} [code] */
    endSession(id, code = 'session_revoked') {
      const family = families.get(id);
      if (family) family.ended = code;
    },

    /** Sessions that live. */
    liveSessions: () => [...families.values()].filter((family) => !family.ended).map(({ id }) => id),

    /** Whether these cookies hold a good access token. @param {Map<string, string>} cookies */
    isAuthorized(cookies) {
      const [, id, expires] = cookies.get(ACCESS)?.split('.') ?? [];
      const family = families.get(id ?? '');
      return family !== undefined && !family.ended && Number(expires) > clock.now();
    },

    /** @param {Incoming} incoming @returns {Answer} */
    answer(incoming) {
      const [, id = ''] = /^\/user\/sessions\/([^/]+)$/.exec(incoming.path) ?? [];
      const path = id ? '/user/sessions/*' : incoming.path;
      const route = routes[`${incoming.method} ${path}`];
      try {
        return route ? route(incoming, decodeURIComponent(id)) : problem(404, 'not_found');
      } catch (refusal) {
        if (refusal instanceof Error) throw refusal;
        return /** @type {Answer} */ (refusal);
      }
    },
  };
  return server;
}

/** @param {any} body @param {Cookie[]} [cookies] @param {number} [status] @returns {Answer} */
function ok(body, cookies = [], status = 200) {
  return { status, headers: { 'content-type': 'application/json' }, body, cookies };
}

/** @param {number} status @param {string} code @param {Record<string, string>} [more] @returns {Answer} */
export function problem(status, code, more = {}) {
  /** @type {Record<string, string>} */
  const headers = { 'content-type': 'application/problem+json', 'x-request-id': 'req-test', ...more };
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  const body = { type: `urn:postern:problem:${code}`, title: code, status, detail: code, code, requestId: 'req-test' };
  return { status, headers, body, cookies: [] };
}
