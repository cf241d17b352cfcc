/** The calls of accounts, each against the fake server, and what a lost network does to them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPosternError, PosternError, unwrap } from '../src/index.js';
import { createTestClient, KIM } from '../src/testing.js';

const LOU = { email: 'lou@example.org', password: 'eight quiet anchors', name: 'Lou' };

test('from sign-up to sign-in', async () => {
  const { clock, server, client } = createTestClient();
  assert.deepEqual(await clock.until(client.signUp(LOU)), { data: { status: 'verification_required' }, error: null });
  assert.equal((await clock.until(client.signUp(KIM))).data?.status, 'verification_required', 'a taken address: the same');
  assert.equal((await clock.until(client.signIn.password(LOU))).error?.code, 'email_not_verified');
  assert.equal((await clock.until(client.email.resend(LOU.email))).error, null);
  assert.deepEqual(server.mails.map(({ kind }) => kind), ['verify', 'verify']);
  const { data } = await clock.until(client.email.verify(server.mails[1]?.token ?? ''));
  assert.equal(data?.status, 'verified');
  assert.equal((await clock.until(client.signIn.password(LOU))).data?.status, 'complete');
  const me = await clock.until(client.me());
  assert.deepEqual(Object.keys(me), ['data', 'error']);
  assert.deepEqual([me.data?.email, me.data?.emailVerified], [LOU.email, true]);
});

test('a link is spent once, however often an effect runs; one that the network ate can be clicked again', async () => {
  const { clock, server, browser, client } = createTestClient();
  await clock.until(client.signUp(LOU));
  const token = server.mails[0]?.token ?? '';
  browser.fault({ route: 'POST /auth/verify-email', isUnreachable: true });
  assert.equal((await clock.until(client.email.verify(token))).error?.code, 'network');
  const twice = await clock.until(Promise.all([client.email.verify(token), client.email.verify(token)]));
  assert.deepEqual(twice.map(({ data }) => data?.status), ['verified', 'verified']);
  assert.equal(browser.count('POST /auth/verify-email'), 1);
  assert.equal((await clock.until(client.email.verify('other'))).error?.code, 'token_invalid');
});

test('forgotten passwords', async () => {
  const { clock, server, client } = createTestClient();
  await clock.until(client.password.forgot(KIM.email));
  assert.equal((await clock.until(client.password.forgot('nobody@example.org'))).error, null);
  const token = server.mails[0]?.token ?? '';
  assert.equal((await clock.until(client.password.reset({ token, password: 'nine loud kettles' }))).error, null);
  const again = await clock.until(client.password.reset({ token, password: 'ten' }));
  assert.deepEqual([again.error?.code, again.error?.status], ['token_used', 410]);
  assert.equal((await clock.until(client.signIn.password({ ...KIM, password: 'nine loud kettles' }))).error, null);
});

test('a wrong current password is no reason to refresh', async () => {
  const { clock, browser, client } = createTestClient({ signedIn: true });
  await clock.until(client.getSession());
  browser.calls.length = 0;
  const wrong = await clock.until(client.password.change({ currentPassword: 'x', newPassword: 'nine loud kettles' }));
  assert.equal(wrong.error?.code, 'invalid_credentials');
  assert.deepEqual(browser.calls.map(({ route }) => route), ['POST /auth/password/change']);
  const right = { currentPassword: KIM.password, newPassword: 'nine loud kettles' };
  assert.equal((await clock.until(client.password.change(right))).error, null);
});

test('a locked account is unlocked by its mail', async () => {
  const { clock, server, client } = createTestClient();
  for (let i = 0; i < 5; i++) await clock.until(client.signIn.password({ ...KIM, password: 'x' }));
  assert.equal((await clock.until(client.signIn.password(KIM))).error?.code, 'account_locked');
  assert.equal((await clock.until(client.unlock(server.mails[0]?.token ?? ''))).error, null);
  assert.equal((await clock.until(client.signIn.password(KIM))).error, null);
});

test('the list of sessions, one revoked, the others revoked, the own one revoked', async () => {
  const { clock, server, client } = createTestClient({ signedIn: true });
  const [one] = [server.startSession(KIM.email), server.startSession(KIM.email)];
  const { data } = await clock.until(client.sessions.list());
  assert.deepEqual(data?.map(({ current }) => current), [true, false, false]);
  assert.equal((await clock.until(client.sessions.revoke(one?.id ?? ''))).error, null);
  assert.equal((await clock.until(client.sessions.revoke(one?.id ?? ''))).error?.code, 'not_found');
  assert.deepEqual((await clock.until(client.sessions.revokeOthers())).data, { revoked: 1 });
  assert.equal(client.getSnapshot().status, 'signed-in');
  await clock.until(client.sessions.revoke(data?.[0]?.id ?? ''));
  assert.equal(client.getSnapshot().status, 'signed-out');
});

test('ids are data, also strange ones', async () => {
  const { clock, browser, client } = createTestClient({ signedIn: true });
  await clock.until(client.getSession());
  browser.calls.length = 0;
  await clock.until(client.sessions.revoke('../auth/logout?all=true#'));
  assert.ok(browser.calls.every(({ route }) => route.startsWith('DELETE /user/sessions/..%2F')), JSON.stringify(browser.calls));
});

test('reading is tried again, changing is not', async () => {
  const { clock, browser, client } = createTestClient({ signedIn: true });
  await clock.until(client.getSession());
  browser.fault({ route: 'GET /user/me', times: 2, answer: { status: 503, code: 'unavailable', headers: { 'retry-after': '2' } } });
  const from = clock.now();
  assert.equal((await clock.until(client.me())).data?.name, 'Kim');
  assert.ok(clock.now() - from >= 4_000);
  browser.fault({ route: 'DELETE /user/sessions', answer: { status: 503, code: 'unavailable' } });
  assert.equal((await clock.until(client.sessions.revokeOthers())).error?.code, 'unavailable');
  browser.fault({ route: 'POST /auth/signup', isCut: true });
  assert.equal((await clock.until(client.signUp(LOU))).error?.code, 'network');
  assert.equal(browser.count('POST /auth/signup'), 1);
});

test('errors carry all that the server said', async () => {
  const { clock, browser, client } = createTestClient();
  const errors = [{ field: 'password', code: 'too_short', message: 'is too short' }];
  const body = JSON.stringify({ code: 'password_rejected', detail: 'password: is too short', requestId: 'r1', errors });
  browser.fault({ route: 'POST /auth/signup', answer: { status: 422, body, headers: { 'x-request-id': 'r2' } } });
  const { error } = await clock.until(client.signUp(LOU));
  assert.ok(isPosternError(error) && isPosternError(error, 'password_rejected') && !isPosternError(error, 'validation'));
  assert.deepEqual([error.status, error.message, error.requestId, error.retryable], [422, 'password: is too short', 'r2', false]);
  assert.deepEqual(error.errors, errors);
  await assert.rejects(unwrap(/** @type {any} */ ({ data: null, error })), PosternError);
  assert.equal(await unwrap(Promise.resolve({ data: 7, error: null })), 7);
});

test('a gateway without our error format is understood by its status', async () => {
  const { clock, browser, client } = createTestClient();
  for (const [status, code, retryable] of /** @type {const} */ ([
    [429, 'rate_limited', true], [500, 'internal', true], [502, 'unavailable', true], [504, 'unavailable', true], [418, 'bad_answer', true],
  ])) {
    browser.fault({ route: 'POST /auth/signup', answer: { status, body: '{"message":"no"}', headers: { 'retry-after': 'soon' } } });
    const { error } = await clock.until(client.signUp(LOU));
    assert.deepEqual([error?.code, error?.status, error?.retryable, error?.retryAfter], [code, status, retryable, undefined]);
  }
});

test('a call can be given up', async () => {
  const { clock, browser, client } = createTestClient();
  browser.fault({ route: 'POST /auth/login', after: 5_000 });
  const controller = new AbortController();
  clock.setTimeout(() => controller.abort(), 100);
  const { error } = await clock.until(client.signIn.password(KIM, { signal: controller.signal }));
  assert.equal(error?.code, 'aborted');
});
