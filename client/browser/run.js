/**
 * The same behaviour in a real browser: real tabs, Web Locks, channels, cookies, back/forward cache. Time is real here, so this
 * is not part of `npm test`: `npm run browser`, after `npm ci` in `infra/tests/clients`, whose Chromium launcher it uses.
 */

import assert from 'node:assert/strict';
import { KIM } from '../src/testing.js';
import { startSite } from './site.js';

// Not a literal: the type checker need not look into what is not ours.
const launcher = new URL('../../infra/tests/clients/browser/browser.mjs', import.meta.url).href;
const { launch, close } = await import(launcher);

const site = await startSite(KIM);
const context = await launch();
/** @type {any[]} */
const pages = [];
/** Runs in a page, where `auth` is its client. @param {any} page @param {string} code */
const within = (page, code) => page.evaluate(`(async () => ${code})()`);
/** @param {string} code */
const everywhere = (code) => Promise.all(pages.map((page) => within(page, code)));
/** @param {string} status */
const allAre = async (status) => {
  for (const page of pages) await page.waitForFunction(`auth.getSnapshot().status === '${status}'`, null, { timeout: 5_000 });
};

try {
  for (let i = 0; i < 6; i++) {
    const page = await context.newPage();
    page.on('pageerror', (/** @type {Error} */ error) => assert.fail(error));
    await page.goto(site.origin);
    pages.push(page);
  }
  assert.equal(await within(pages[0], `(await auth.signIn.password(${JSON.stringify(KIM)})).data?.status`), 'complete');
  await allAre('signed-in');
  console.log('ok: a sign-in reaches six tabs');

  site.advance(16);
  site.delayRefresh(300);
  const asked = `(await Promise.all([1, 2, 3, 4, 5].map(async () => {
    const response = await auth.fetch('/api/orders', { method: 'POST', body: 'three pens' });
    return response.status + ' ' + (await response.text());
  }))).join()`;
  assert.deepEqual(new Set(await everywhere(asked)), new Set([Array(5).fill('200 three pens').join()]));
  assert.equal(site.refreshes(), 1);
  console.log('ok: six tabs with five requests each make one refresh, and send their bodies again');

  site.advance(16);
  site.delayRefresh(1_500);
  void within(pages[0], 'auth.refresh()').catch(() => {});
  await pages[1].waitForTimeout(300);
  const rest = Promise.all(pages.slice(1).map((page) => within(page, "(await auth.fetch('/api/orders')).status")));
  await pages.shift().close();
  assert.deepEqual(await rest, Array(5).fill(200));
  assert.equal(site.replays(), 0);
  console.log('ok: a tab that is closed in the middle of its refresh harms nobody');

  site.delayRefresh(0);
  const away = pages[0];
  await away.goto(`${site.origin}/away`);
  assert.equal(await within(pages[1], '(await auth.signOut()).error'), null);
  await away.goBack();
  await allAre('signed-out');
  console.log('ok: a sign-out reaches all tabs, also the page that comes back');
} finally {
  await close(context);
  site.close();
}
