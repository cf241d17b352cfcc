/**
 * What can go wrong, as one class with a stable `code`.
 *
 * @module
 */

/**
 * Codes that the SDK makes itself come first; the others are the server's. Newer servers may send more.
 *
 * @typedef {'network' | 'timeout' | 'offline' | 'aborted' | 'bad_answer'
 *   | 'session_missing' | 'unauthorized_loop' | 'cookies_blocked'
 *   | 'invalid_credentials' | 'email_not_verified' | 'account_locked' | 'rate_limited' | 'captcha_required' | 'captcha_invalid'
 *   | 'password_rejected' | 'validation' | 'conflict' | 'slug_taken' | 'slug_invalid'
 *   | 'token_invalid' | 'token_expired' | 'token_used'
 *   | 'unauthenticated' | 'step_up_required' | 'csrf_invalid' | 'forbidden' | 'not_found'
 *   | 'refresh_invalid' | 'refresh_reused' | 'session_revoked' | 'session_expired' | 'refresh_in_progress'
 *   | 'unavailable' | 'internal' | 'malformed' | 'too_large' | 'unsupported_media_type' | 'method_not_allowed'
 *   | (string & {})} ErrorCode
 */

/** @typedef {{field: string, code: string, message: string}} FieldError */

/**
 * @typedef {object} Facts
 * @property {string} [detail] For people.
 * @property {number} [status]
 * @property {number} [retryAfter]
 * @property {string} [requestId]
 * @property {FieldError[]} [errors]
 * @property {boolean} [captchaRequired]
 * @property {string[]} [methods]
 * @property {unknown} [cause]
 */

const RETRYABLE = new Set(
  'network timeout offline bad_answer rate_limited refresh_in_progress unavailable internal'.split(' '),
);

/** A failure that an app should expect. Programming errors are `TypeError`s. */
export class PosternError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {Facts} [facts]
   */
  constructor(code, facts = {}) {
    super(facts.detail ?? code, { cause: facts.cause });
    this.name = 'PosternError';
    /** Branch on this. @type {ErrorCode} */
    this.code = code;
    /** The HTTP status; 0 when no answer came. @type {number} */
    this.status = facts.status ?? 0;
    /** After so many seconds the server wants to be asked again. @type {number | undefined} */
    this.retryAfter = facts.retryAfter;
    /** Names the request in the server's log: show it to people. @type {string | undefined} */
    this.requestId = facts.requestId;
    /** Which fields are at fault. @type {readonly FieldError[]} */
    this.errors = facts.errors ?? [];
    /** The next try needs a CAPTCHA. @type {boolean} */
    this.captchaRequired = facts.captchaRequired ?? false;
    /** With `step_up_required`: by what one may show oneself again. @type {readonly string[]} */
    this.methods = facts.methods ?? [];
    /** Whether the same call may succeed later without anybody changing anything. @type {boolean} */
    this.retryable = RETRYABLE.has(code);
  }
}

/**
 * Whether this is one of ours, and, if a code is given, that one.
 *
 * @template {ErrorCode} C
 * @param {unknown} error
 * @param {C} [code]
 * @returns {error is PosternError & {code: C}}
 */
export function isPosternError(error, code) {
  return error instanceof PosternError && (code === undefined || error.code === code);
}

/**
 * Throws the error or returns the data, for those who like exceptions and for query libraries.
 *
 * @template T
 * @param {import('./types.js').Result<T> | Promise<import('./types.js').Result<T>>} result
 * @returns {Promise<T>}
 */
export async function unwrap(result) {
  const { data, error } = await result;
  if (error) throw error;
  return data;
}

/**
 * The error in an answer. Gateways and proxies answer without a code (decision 0015): then the status tells.
 *
 * @param {Response} response
 * @returns {Promise<PosternError>}
 */
export async function errorOf(response) {
  const { status, headers } = response;
  const body = await response.json().catch(() => null);
  const problem = typeof body?.code === 'string' ? body : { code: codeOf(status) };
  const seconds = Number.parseInt(headers.get('retry-after') ?? '', 10);
  return new PosternError(problem.code, {
    ...problem,
    status,
    retryAfter: seconds >= 0 ? seconds : undefined,
    requestId: headers.get('x-request-id') ?? problem.requestId,
  });
}

/** @param {number} status @returns {ErrorCode} */
function codeOf(status) {
  if (status === 429) return 'rate_limited';
  if (status >= 500) return status === 500 ? 'internal' : 'unavailable';
  return 'bad_answer';
}
