/** Provider and hooks, in a small DOM and on a server. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Window } from 'happy-dom';
import { act, createElement as h, StrictMode } from 'react';
import { createClient } from '../src/index.js';
import { PosternProvider, SignedIn, SignedOut, useAuth, useClient, useSession, useSessions, useUser } from '../src/react.js';
import { createTestClient, KIM } from '../src/testing.js';

const { renderToString } = await import('react-dom/server');

const window = new Window();
const { document, navigator } = window;
for (const [name, value] of Object.entries({ window, document, navigator, IS_REACT_ACT_ENVIRONMENT: true })) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
const { createRoot, hydrateRoot } = await import('react-dom/client');
after(() => window.happyDOM.close());

/** @param {import('react').ReactNode} element */
async function render(element) {
  const container = /** @type {any} */ (window.document.createElement('div'));
  const root = createRoot(container);
  await act(async () => root.render(h(StrictMode, null, element)));
  return { text: () => container.textContent, html: () => container.innerHTML, root, container };
}

const Status = () => {
  const { data, isPending, error } = useSession();
  return h('p', null, isPending ? 'pending' : (data?.userId ?? 'nobody'), error ? ` (${error.code})` : '');
};

test('from pending to signed out to signed in to signed out', async () => {
  const { clock, browser, client } = createTestClient();
  const page = await render(
    h(PosternProvider, { client }, h(Status), h(SignedIn, null, ' in'), h(SignedOut, null, ' out')),
  );
  assert.equal(page.text(), 'pending');
  await act(() => clock.advance(1_000));
  assert.equal(page.text(), 'nobody out');
  await act(async () => void (await clock.until(client.signIn.password(KIM))));
  assert.equal(page.text(), 'user-1 in');
  browser.fault({ route: 'POST /auth/refresh', times: 3, answer: { status: 503, code: 'unavailable' } });
  await act(async () => void (await clock.until(client.refresh())));
  assert.equal(page.text(), 'user-1 (unavailable) in', 'degraded: the page stays as it is');
  await act(async () => void (await clock.until(client.signOut())));
  assert.equal(page.text(), 'nobody out');
});

test('many components ask once, also in strict mode', async () => {
  const { clock, browser, client } = createTestClient({ signedIn: true });
  const Me = () => h('i', null, useUser().data?.email);
  await render(h(PosternProvider, { client }, Array.from({ length: 10 }, (_, key) => h(Status, { key })), h(Me)));
  await act(() => clock.advance(1_000));
  assert.equal(browser.count('GET /auth/csrf'), 1);
  assert.equal(browser.count('POST /auth/refresh'), 1);
  assert.ok(browser.count('GET /user/me') <= 2, 'strict mode runs effects twice');
});

test('a component renders again only when something changed', async () => {
  const { clock, tab, client } = createTestClient({ signedIn: true });
  let renders = 0;
  const Counting = () => {
    renders++;
    return h(Status);
  };
  const Auth = () => {
    renders++;
    return h('i', null, String(useAuth().isSignedIn));
  };
  await render(h(PosternProvider, { client }, h(Counting), h(Auth)));
  await act(() => clock.advance(1_000));
  const before = renders;
  await act(async () => {
    for (let i = 0; i < 5; i++) tab.show();
    await clock.until(client.refresh());
    await clock.until(client.getSession({ fresh: true }));
  });
  assert.equal(renders, before);
});

test('what the server has found is in its HTML, in the first render of the page, and in no shared client', async () => {
  const { clock, browser, client } = createTestClient();
  const family = browser.signIn(KIM.email);
  const base = { organizationId: 'o', roles: ['owner'], amr: ['pwd'], authTime: '', expiresAt: null };
  const initialSession = { ...base, id: family.id, userId: 'user-1' };
  const shared = createClient({ baseUrl: 'https://auth.example.com' });
  const tree = (/** @type {any} */ of, /** @type {any} */ session) =>
    h(PosternProvider, { client: of, initialSession: session }, h(Status), h(SignedIn, null, ' in'), h(SignedOut, null, ' out'));
  assert.match(renderToString(tree(shared, initialSession)), /user-1.* in/);
  assert.match(renderToString(tree(shared, null)), /nobody.* out/);
  assert.match(renderToString(tree(shared, undefined)), /pending/);
  assert.equal(shared.getSnapshot().status, 'loading', 'nothing of one request is left for the next');

  const container = /** @type {any} */ (window.document.createElement('div'));
  container.innerHTML = renderToString(tree(client, initialSession));
  /** @type {unknown[]} */
  const complaints = [];
  await act(async () => {
    hydrateRoot(container, tree(client, initialSession), { onRecoverableError: (error) => complaints.push(error) });
  });
  assert.equal(container.textContent, 'user-1 in');
  await act(() => clock.advance(1_000));
  assert.equal(container.textContent, 'user-1 in');
  assert.deepEqual(complaints, []);
  assert.equal(client.getSnapshot().status, 'signed-in');
});

test('useAuth names every case', async () => {
  const { clock, client } = createTestClient({ signedIn: true });
  /** @type {any[]} */
  const seen = [];
  const Auth = () => {
    seen.push(useAuth());
    return null;
  };
  await render(h(PosternProvider, { client }, h(Auth)));
  await act(() => clock.advance(1_000));
  await act(async () => void (await clock.until(client.signOut())));
  assert.equal(seen[0].isLoaded, false);
  const inside = seen.find(({ isSignedIn }) => isSignedIn);
  assert.deepEqual([inside.userId, inside.hasRole('owner'), inside.hasRole('admin')], ['user-1', true, false]);
  assert.deepEqual([seen.at(-1).isSignedIn, seen.at(-1).userId], [false, null]);
});

test('a revoked session disappears at once, and comes back in its place when the server refuses', async () => {
  const { clock, server, browser, client } = createTestClient({ signedIn: true });
  for (let i = 0; i < 3; i++) server.startSession(KIM.email);
  /** @type {any} */
  let hook;
  const List = () => {
    hook = useSessions();
    return h('p', null, hook.data?.map((/** @type {any} */ { id }) => id).join(' ') ?? 'none', hook.error ? ` ${hook.error.code}` : '');
  };
  const page = await render(h(PosternProvider, { client }, h(List)));
  await act(() => clock.advance(1_000));
  const [own, one, two, three] = server.liveSessions();
  assert.equal(page.text(), [own, one, two, three].join(' '));

  browser.fault({ route: `DELETE /user/sessions/${two}`, answer: { status: 503, code: 'unavailable' } });
  await act(async () => void hook.revoke(two));
  assert.equal(page.text(), [own, one, three].join(' '), 'before the server has answered');
  await act(() => clock.advance(1_000));
  assert.equal(page.text(), `${[own, one, two, three].join(' ')} unavailable`);

  await act(async () => void hook.revoke(two));
  await act(() => clock.advance(1_000));
  assert.equal(page.text(), [own, one, three].join(' '));
  await act(async () => void hook.revokeOthers());
  await act(() => clock.advance(1_000));
  assert.equal(page.text(), own);
  assert.deepEqual(server.liveSessions(), [own]);
});

test('what belonged to somebody else is gone before the next one sees it', async () => {
  const { clock, server, client } = createTestClient({ signedIn: true });
  server.addUser({ email: 'lou@example.org', password: 'eight quiet anchors', name: 'Lou' });
  /** @type {string[]} */
  const shown = [];
  const Name = () => {
    const [session, user] = [useSession().data?.userId, useUser().data?.name];
    shown.push(`${session} ${user}`);
    return null;
  };
  await render(h(PosternProvider, { client }, h(Name)));
  await act(() => clock.advance(1_000));
  await act(async () => void (await clock.until(client.signIn.password({ email: 'lou@example.org', password: 'eight quiet anchors' }))));
  await act(() => clock.advance(1_000));
  assert.deepEqual([...new Set(shown)], ['undefined undefined', 'user-1 undefined', 'user-1 Kim', 'user-3 undefined', 'user-3 Lou']);
});

test('a hook without a provider says what is missing', async () => {
  const Lost = () => h('p', null, String(useClient()));
  assert.throws(() => renderToString(h(Lost)), /PosternProvider/);
});
