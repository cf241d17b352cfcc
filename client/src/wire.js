/**
 * Requests with a limit of time, and the CSRF token.
 *
 * @module
 */

import { PosternError, errorOf } from './errors.js';

/** @typedef {import('./types.js').Environment} Environment */

/**
 * @template T
 * @typedef {import('./types.js').Result<T>} Result
 */

/** @param {PosternError} error @returns {{data: null, error: PosternError}} */
export const failed = (error) => ({ data: null, error });

/** @template T @param {T} data @returns {{data: T, error: null}} */
export const done = (data) => ({ data, error: null });

/**
 * How long to wait before the next attempt: what the server asks for, or full jitter below a ceiling that doubles.
 *
 * @param {Environment} env
 * @param {number} attempt From 0.
 * @param {PosternError | null} [error]
 */
export const patience = (env, attempt, error) =>
  error?.retryAfter === undefined
    ? env.random() * Math.min(8_000, 500 * 2 ** attempt)
    : error.retryAfter * 1000 + env.random() * 250;

/**
 * Runs with a signal that ends after `ms` or with the caller's own; ends by then even if `run` ignores the signal.
 *
 * @template T
 * @param {Environment} env
 * @param {number} ms 0 for no limit.
 * @param {AbortSignal | undefined} signal
 * @param {(signal: AbortSignal) => Promise<T>} run
 * @returns {Promise<T>} Rejects with a `PosternError`: `timeout`, `aborted`, `offline`, `network`.
 */
export async function limited(env, ms, signal, run) {
  const controller = new AbortController();
  /** @type {any} */
  let timer;
  let abort = () => {};
  const over = new Promise((_, reject) => {
    /** @param {string} code */
    const end = (code) => {
      reject(new PosternError(code));
      controller.abort();
    };
    abort = () => end('aborted');
    if (ms > 0) timer = env.setTimeout(() => end('timeout'), ms);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
  });
  try {
    return /** @type {T} */ (await Promise.race([over, signal?.aborted ? over : run(controller.signal)]));
  } catch (cause) {
    if (cause instanceof PosternError) throw cause;
    throw new PosternError(env.isOnline() ? 'network' : 'offline', { cause });
  } finally {
    env.clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** Waits, but no longer than the signal lets it. @param {Environment} env @param {number} ms @param {AbortSignal} [signal] */
export const pause = (env, ms, signal) => limited(env, ms || 1, signal, () => new Promise(() => {})).catch(() => {});

/**
 * @typedef {object} Sending
 * @property {unknown} [body] Sent as JSON.
 * @property {boolean} [csrf] Whether cookies authenticate it and it changes something.
 * @property {boolean} [keepalive] Whether it must outlive the page.
 * @property {AbortSignal | undefined} [signal]
 * @property {number} [timeoutMs]
 */

/** @param {number} [status] */
export const strange = (status) => new PosternError('bad_answer', { status });

/**
 * What Postern says in an answer.
 *
 * @param {Response} response
 * @returns {Promise<Result<any>>}
 */
export async function read(response) {
  if (!response.ok) return failed(await errorOf(response));
  const data = response.status === 204 ? {} : await response.json().catch(() => null);
  // Portals of hotels answer everything, with pages.
  if (data === null || typeof data !== 'object') return failed(strange(response.status));
  // How long a token still lives is said in the body by those who grant it, in a header by those who check it.
  const expiresIn = Number(response.headers.get('postern-expires-in'));
  return done(expiresIn ? { ...data, expiresIn } : data);
}

/**
 * Calls to Postern itself.
 *
 * @param {Environment} env
 * @param {URL} base
 * @param {number} timeoutMs
 */
export function createWire(env, base, timeoutMs) {
  /** @type {Promise<Result<string>> | null} */
  let token = null;

  const wire = {
    /** @param {string} method @param {string} path @param {Sending} sending @param {string} [csrf] */
    request(method, path, { body, keepalive = false, signal }, csrf) {
      const headers = new Headers();
      if (body) headers.set('content-type', 'application/json');
      if (csrf) headers.set('x-csrf-token', csrf);
      return new Request(new URL(base.pathname.replace(/\/$/, '') + path, base), {
        method,
        headers,
        body: body ? JSON.stringify(body) : null,
        credentials: 'include',
        cache: 'no-store',
        keepalive,
        signal: signal ?? null,
      });
    },

    /** The token for the session's changes, fetched once. @param {number} [limit] @returns {Promise<Result<string>>} */
    csrf(limit) {
      const mine = (token ??= wire.send('GET', '/auth/csrf', { timeoutMs: limit }).then(({ data, error }) => {
        if (typeof data?.csrfToken === 'string') return done(data.csrfToken);
        if (token === mine) token = null;
        return failed(error ?? strange());
      }));
      return mine;
    },

    /** It was of another session, browser or day. */
    forgetCsrf() {
      token = null;
    },

    /**
     * Runs something with a CSRF token. One that the server does not know is fetched anew and it runs again, once.
     *
     * @template {{error: {status: number, code: string} | null}} R
     * @param {boolean} isNeeded
     * @param {number} limit
     * @param {(csrf?: string) => Promise<R>} run
     * @returns {Promise<R | {error: PosternError, data: null, value?: undefined}>}
     */
    async proven(isNeeded, limit, run) {
      for (let isRepeated = false; ; isRepeated = true) {
        const proof = isNeeded ? await wire.csrf(limit) : undefined;
        if (proof?.error) return proof;
        const result = await run(proof?.data);
        if (result.error?.status === 403) token = null;
        if (isRepeated || !isNeeded || result.error?.code !== 'csrf_invalid') return result;
      }
    },

    /**
     * One call.
     *
     * @param {string} method
     * @param {string} path
     * @param {Sending} [sending]
     * @returns {Promise<Result<any>>}
     */
    send(method, path, sending = {}) {
      const { csrf = false, signal, timeoutMs: limit = timeoutMs } = sending;
      return wire.proven(csrf, limit, (proof) =>
        limited(env, limit, signal, async (signal) =>
          read(await env.fetch(wire.request(method, path, { ...sending, signal }, proof))),
        ).catch(failed),
      );
    },
  };
  return wire;
}
