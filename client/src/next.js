/**
 * Next.js, or any server that speaks `Request` and `Response`: a proxy that asks for sign-in, the session of a request, and
 * a route handler that passes `/auth` and `/user` on, so that they are of the page's own origin.
 *
 * How a page gets a fresh access token when it has none: the refresh cookie goes to `/auth` only, so the proxy sends the
 * browser to `resumePath` below it. There the cookie comes along, the proxy refreshes, hands over the new cookies on a
 * redirect back, and never on a page: an answer with cookies that a cache keeps gives one person's session to all.
 *
 * @module
 */

import { errorOf, PosternError } from './errors.js';
import { safeReturnTo } from './return-to.js';
import { at, cookiesOf, isDocument, ownCookies, pass, redirect, refuse, routeMatcher, within } from './server-http.js';

export { safeReturnTo } from './return-to.js';
export { pass, routeMatcher } from './server-http.js';

/** @typedef {import('./types.js').Session} Session */
/** @typedef {import('./server-http.js').Matcher} Matcher */

/**
 * @typedef {object} ServerOptions
 * @property {string} baseUrl
 * @property {readonly Matcher[]} [publicRoutes] Everything else needs a session.
 * @property {string} [signInPath] `/sign-in`; always public.
 * @property {string} [resumePath] `/auth/resume`; must be below `/auth`, where the refresh cookie goes.
 * @property {string} [returnToParam] `returnTo`
 * @property {number} [timeoutMs] 3,000
 * @property {(request: Request) => Promise<Response>} [fetch]
 * @property {(request: Request, error: PosternError) => Response} [onUnavailable] The answer while Postern cannot be asked;
 *   a 503 by default. Must not show what needs a session.
 */

/** Set on the way back from `resumePath`: whoever still has no session then will not get one by going there again. */
const GUARD = 'postern_resumed';
const GUARD_SECONDS = 10;

/** Answers to a refresh may get lost; the same one comes again within the server's grace. */
const TRIES = 2;
const LONGEST_WAIT = 2_000;

/** What `forward` passes on. */
const FORWARDED = [
  'accept', 'authorization', 'content-type', 'origin', 'sec-fetch-site', 'user-agent', 'x-csrf-token', 'x-request-id',
];

/** @param {ServerOptions} options */
export function createServerAuth(options) {
  const { baseUrl, publicRoutes = [], returnToParam = 'returnTo', timeoutMs = 3_000 } = options;
  const { signInPath = '/sign-in', resumePath = '/auth/resume' } = options;
  const base = new URL(baseUrl);
  const isPublic = routeMatcher([...publicRoutes, signInPath, `${signInPath}/*`, '/_next/static/*', '/favicon.ico']);
  const fetch = options.fetch ?? ((request) => globalThis.fetch(request));

  /**
   * A call to Postern in the name of a browser. It gets our cookies and not the app's; the user agent is part of what CSRF
   * tokens are bound to.
   *
   * @param {string} method
   * @param {string} path
   * @param {Headers} browser
   * @param {Record<string, string>} [more]
   */
  async function ask(method, path, browser, more = {}) {
    const headers = new Headers(more);
    headers.set('cookie', ownCookies(browser));
    const agent = browser.get('user-agent');
    if (agent) headers.set('user-agent', agent);
    return within(timeoutMs, (signal) =>
      fetch(new Request(at(base, path), { method, headers, signal, redirect: 'manual', cache: 'no-store' })),
    );
  }

  /** @param {Headers} headers @returns {Promise<'live' | 'none'>} Throws when Postern cannot tell. */
  async function verify(headers) {
    if (!ownCookies(headers)) return 'none';
    const response = await ask('HEAD', '/auth/verify-token', headers);
    if (response.ok) return 'live';
    if (response.status === 401) return 'none';
    throw await errorOf(response);
  }

  /** @param {URL} url @param {string} to Where it leads after sign-in. @param {string} path */
  function redirectTo(url, path, to) {
    const target = new URL(path, url.origin);
    target.searchParams.set(returnToParam, safeReturnTo(to, { not: [signInPath, resumePath], parameter: returnToParam }));
    return redirect(target.pathname + target.search);
  }

  /** A browser that starts with five pages sends them here all at once: those that were slower are told to wait. @param {Headers} headers @param {string} token */
  async function refresh(headers, token) {
    for (let attempt = 1; ; attempt++) {
      let error;
      try {
        const response = await ask('POST', '/auth/refresh', headers, { 'x-csrf-token': token });
        if (response.ok || response.status === 401) return response;
        error = await errorOf(response);
      } catch (cause) {
        error = /** @type {PosternError} */ (cause);
      }
      if (!error.retryable || attempt === TRIES) throw error;
      const wait = Math.min(LONGEST_WAIT, (error.retryAfter ?? 0) * 1000);
      await new Promise((resolve) => void setTimeout(resolve, wait));
    }
  }

  /** `resumePath`: refreshes, and sends the browser back with its new cookies. @param {Request} request @param {URL} url */
  async function resume(request, url) {
    const wanted = url.searchParams.get(returnToParam);
    const returnTo = safeReturnTo(wanted, { not: [signInPath, resumePath], parameter: returnToParam });
    if (!ownCookies(request.headers)) return redirectTo(url, signInPath, returnTo);
    const csrf = await ask('GET', '/auth/csrf', request.headers);
    if (csrf.status === 401) return redirectTo(url, signInPath, returnTo);
    if (!csrf.ok) throw await errorOf(csrf);
    const { csrfToken } = await csrf.json();
    const refreshed = await refresh(request.headers, csrfToken);
    const back = refreshed.ok ? redirect(returnTo) : redirectTo(url, signInPath, returnTo);
    for (const cookie of refreshed.headers.getSetCookie()) back.headers.append('set-cookie', cookie);
    const secure = url.protocol === 'https:' ? '; Secure' : '';
    const guard = `${GUARD}=1; Path=/; Max-Age=${GUARD_SECONDS}; HttpOnly; SameSite=Lax${secure}`;
    if (refreshed.ok) back.headers.append('set-cookie', guard);
    return back;
  }

  /** @param {Request} request @returns {Promise<Response | undefined>} */
  async function decide(request) {
    const url = new URL(request.url);
    if (url.pathname === resumePath) {
      return isDocument(request) ? resume(request, url) : refuse(401, 'unauthenticated');
    }
    if (isPublic(url.pathname)) return undefined;
    if ((await verify(request.headers)) === 'live') return undefined;
    // Only a page that a person opens may be sent elsewhere. What a script asks for gets an answer that scripts understand;
    // Next.js then loads the page as a document, and that comes by here again.
    if (!isDocument(request)) return refuse(401, 'unauthenticated');
    const hasResumed = cookiesOf(request.headers).some(([name]) => name === GUARD);
    return redirectTo(url, hasResumed ? signInPath : resumePath, url.pathname + url.search);
  }

  return {
    /**
     * For `proxy.ts` (Next.js 16) or `middleware.ts` (before): lets a request pass (`undefined`), or answers it. When Postern
     * cannot be asked, protected pages answer 503 and nobody is sent to sign in.
     *
     * @param {Request} request
     * @returns {Promise<Response | undefined>}
     */
    async proxy(request) {
      try {
        return await decide(request);
      } catch (error) {
        if (!(error instanceof PosternError)) throw error;
        const { onUnavailable } = options;
        return onUnavailable?.(request, error) ?? refuse(503, 'unavailable', { 'retry-after': String(error.retryAfter ?? 2) });
      }
    },

    /**
     * The session of a request; `null` for none. The real gate: call it where data is read. Never refreshes, because a server
     * component cannot set cookies.
     *
     * @param {Headers | {headers: Headers}} from
     * @returns {Promise<import('./types.js').Result<Session | null>>}
     */
    async getSession(from) {
      const headers = 'headers' in from ? from.headers : from;
      try {
        if (!ownCookies(headers)) return { data: null, error: null };
        const response = await ask('GET', '/auth/verify-token', headers);
        if (response.status === 401) return { data: null, error: null };
        if (!response.ok) return { data: null, error: await errorOf(response) };
        const { sessionId: id, userId, organizationId, roles, authTime, amr } = await response.json();
        return { data: { id, userId, organizationId, roles, authTime, amr, expiresAt: null }, error: null };
      } catch (cause) {
        return { data: null, error: cause instanceof PosternError ? cause : new PosternError('bad_answer', { cause }) };
      }
    },

    /** The sign-in page's address, with the way back. @param {string} returnTo */
    signInUrl(returnTo) {
      const way = safeReturnTo(returnTo, { not: [signInPath, resumePath], parameter: returnToParam });
      return `${signInPath}?${new URLSearchParams({ [returnToParam]: way })}`;
    },

    /**
     * A route handler for `app/auth/[...path]/route.ts` and `app/user/[...path]/route.ts`: passes a request on to Postern and
     * its answer back, every cookie and the status as they are.
     *
     * @param {Request} request
     * @returns {Promise<Response>}
     */
    async forward(request) {
      const url = new URL(request.url);
      // No escapes: what is not meant must not be reached by writing it differently.
      if (!/^\/(auth|user)(\/[\w.~-]+)+$/.test(url.pathname)) return refuse(404, 'not_found');
      const headers = new Headers();
      for (const name of FORWARDED) {
        const value = request.headers.get(name);
        if (value) headers.set(name, value);
      }
      headers.set('cookie', ownCookies(request.headers));
      const body = /^(GET|HEAD)$/.test(request.method) ? null : await request.arrayBuffer();
      const target = at(base, url.pathname + url.search);
      const { method } = request;
      try {
        return await within(10_000, async (signal) =>
          pass(await fetch(new Request(target, { method, headers, body, signal, redirect: 'manual' }))),
        );
      } catch {
        return refuse(503, 'unavailable', { 'retry-after': '2' });
      }
    },
  };
}
