/**
 * `fetch` for the app's own APIs: the platform's, with cookies, a limit of time, and a refresh where a 401 asks for one.
 *
 * @module
 */

import { PosternError } from './errors.js';
import { limited, patience, pause } from './wire.js';

/** A request is sent at most once more than this. */
const REFRESHES = 2;
/** An API that refuses fresh tokens gets no refreshes for so long. */
const QUIET = 300_000;
/** 401s that a new access token would not change. */
const POINTLESS = ['step_up_required', 'invalid_credentials', 'captcha_required'];

/**
 * @param {import('./types.js').Environment} env
 * @param {ReturnType<typeof import('./wire.js').createWire>} wire
 * @param {ReturnType<typeof import('./state.js').createState>} state
 * @param {ReturnType<typeof import('./session.js').createSession>} session
 * @param {URL} base
 * @param {readonly string[]} apiOrigins
 */
export function createFetch(env, wire, state, session, base, apiOrigins) {
  const page = env.href ? new URL(env.href).origin : base.origin;
  const known = new Set([base.origin, page, ...apiOrigins.map((origin) => new URL(origin).origin)]);
  /** Until when, by the monotonic clock, an origin's 401s are not believed. @type {Map<string, number>} */
  const quiet = new Map();

  /**
   * @template T
   * @param {Request} request
   * @param {number} timeoutMs Until `read` is through.
   * @param {(response: Response) => Promise<T>} read
   * @returns {Promise<T>} What `read` makes of the last answer. Rejects with a `PosternError` when there is none.
   */
  return async function send(request, timeoutMs, read) {
    const { origin } = new URL(request.url);
    // Cookies and refreshes are for one's own APIs: a misspelt host must not get them, nor fail silently without.
    if (!known.has(origin)) throw new TypeError(`${origin} is not in apiOrigins`);
    const needsCsrf = origin === base.origin && !/^(GET|HEAD|OPTIONS)$/.test(request.method);
    /** @template R @param {() => Promise<R>} run @returns {Promise<R>} */
    const unlessAborted = (run) => limited(env, 0, request.signal, run);

    await unlessAborted(() => session.start());
    let refreshes = 0;
    if (session.isSpent()) {
      refreshes++;
      const { error } = await unlessAborted(() => session.refresh());
      // Without a token there is nothing to send; without a session the API may still have an answer.
      if (error && session.isSignedIn()) throw error;
    } else session.nudge();

    for (;;) {
      const seq = session.seq();
      const { error: refusal, value } = await wire.proven(needsCsrf, timeoutMs, (csrf) =>
        limited(env, timeoutMs, request.signal, async (signal) => {
          const headers = new Headers(request.headers);
          if (csrf) headers.set('x-csrf-token', csrf);
          const response = await env.fetch(new Request(request.clone(), { headers, signal }));
          return { error: await refusalOf(response), value: { read: await read(response) } };
        }),
      );
      const answer = () => {
        // Not sent: there was no CSRF token to be had.
        if (!value) throw refusal;
        return value.read;
      };
      const mayRefresh = refusal?.status === 401 && !POINTLESS.includes(refusal.code) && session.isSignedIn();
      if (!mayRefresh || env.ticks() < (quiet.get(origin) ?? 0)) return answer();
      if (refreshes === REFRESHES) {
        quiet.set(origin, env.ticks() + QUIET);
        const error = new PosternError('unauthorized_loop', { detail: origin });
        state.set({ error }, 'unauthorized-loop');
        return answer();
      }
      if (refreshes > 0) await pause(env, patience(env, refreshes), request.signal);
      refreshes++;
      const { error } = await unlessAborted(() => session.refresh(seq));
      if (error) return answer();
    }
  };
}

/**
 * What an answer refuses, if it does.
 *
 * @param {Response} response
 * @returns {Promise<{status: number, code: string} | null>}
 */
async function refusalOf(response) {
  const { status, headers } = response;
  if (status !== 401 && status !== 403) return null;
  const challenge = headers.get('www-authenticate') ?? '';
  if (/insufficient_(user_authentication|scope)/.test(challenge)) return { status, code: 'step_up_required' };
  const problem = await response.clone().json().catch(() => null);
  return { status, code: problem?.code };
}
