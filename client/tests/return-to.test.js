/** No address leads away from the site, however it is written. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safeReturnTo } from '../src/return-to.js';

/** The well-known forms, from public lists of open-redirect payloads. */
const AWAY = [
  'https://evil.example', 'http://evil.example/', 'HTTPS://EVIL.EXAMPLE', 'https:evil.example', 'https:/evil.example',
  'https:///evil.example', 'http:\\\\evil.example', 'https:\\evil.example', '//evil.example', '///evil.example',
  '////evil.example', '/////evil.example/', '//evil.example/%2e%2e', '//evil.example@app.example.com', '//app.example.com@evil.example',
  '//evil.example:443/', '//[::1]/', '//3626000385', '//0x7f000001', '//evil%E3%80%82example',
  '//evil。example', '/\\evil.example', '\\/evil.example', '\\\\evil.example', '/\\/evil.example',
  '\\evil.example', '/\\\\evil.example', '/\t/evil.example', '/\n/evil.example', '/\r/evil.example',
  '\t//evil.example', '\n//evil.example', ' //evil.example', '\u0000//evil.example', '\u00a0//evil.example',
  '/%09/evil.example', '/%0a/evil.example', '/%0d/evil.example', '/%0D%0ALocation:%20https://evil.example', '/%5cevil.example',
  '/%5Cevil.example', '/%5c%5cevil.example', '/%2fevil.example', '/%2Fevil.example', '/%2f%2fevil.example',
  '/%252fevil.example', '/%25252fevil.example', '/%255cevil.example', '/.//evil.example', '/..//evil.example',
  '/./%2fevil.example', '/a/..//evil.example', '/%2e//evil.example', '/%2e%2e//evil.example', '/a/%2e%2e//evil.example',
  '/.%2F/evil.example', '/;/..//evil.example', 'javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'java\tscript:alert(1)',
  'javascript://app.example.com/%0aalert(1)', 'data:text/html,<script>alert(1)</script>', 'vbscript:msgbox(1)', 'blob:https://evil.example/1', 'file:///etc/passwd',
  'evil.example', '.evil.example', '@evil.example', ':443', '?next=//evil.example', '#//evil.example', '',
  '/\u2028/evil.example\u0000', '/path\r\nSet-Cookie: a=b', '/path\u007f', `/${'a'.repeat(2_048)}`,
];

for (const value of AWAY) {
  test(`${JSON.stringify(value.slice(0, 60))} leads to the fallback`, () => {
    assert.equal(safeReturnTo(value, { fallback: '/home' }), '/home');
  });
}

test('what is no text leads to the fallback', () => {
  for (const value of [null, undefined, 7, {}, ['/a'], true]) assert.equal(safeReturnTo(value), '/');
});

test('paths of this site are kept, as a browser would write them', () => {
  for (const [value, expected] of /** @type {const} */ ([
    ['/', '/'],
    ['/dashboard', '/dashboard'],
    ['/a/b?c=d&e=f#g', '/a/b?c=d&e=f#g'],
    ['/a//b', '/a//b'],
    ['/100%25', '/100%25'],
    ['/100%', '/100%'],
    ['/a%2fb', '/a%2fb'],
    ['/search?q=//evil.example', '/search?q=//evil.example'],
    ['/search?q=%2F%2Fevil.example&x=https://evil.example', '/search?q=%2F%2Fevil.example&x=https://evil.example'],
    ['/search?q=%0a', '/search?q=%0a'],
    ['/a/../b', '/b'],
    ['/äpfel', '/%C3%A4pfel'],
    ['/@evil.example', '/@evil.example'],
    ['/:443', '/:443'],
  ])) {
    assert.equal(safeReturnTo(value), expected);
  }
});

test('the result is never an address of another site, whatever the browser makes of it', () => {
  for (const value of AWAY) {
    const target = new URL(safeReturnTo(value), 'https://app.example.com/sign-in');
    assert.equal(target.origin, 'https://app.example.com');
  }
});

test('it does not nest, and does not lead back to the sign-in page', () => {
  assert.equal(safeReturnTo('/a?x=1&returnTo=/b&y=2'), '/a?x=1&y=2');
  const options = { not: ['/sign-in'], fallback: '/home' };
  for (const value of ['/sign-in', '/sign-in?returnTo=/a', '/sign-in/step', '/sign%2din', '/a/../sign-in']) {
    assert.equal(safeReturnTo(value, options), '/home');
  }
  assert.equal(safeReturnTo('/sign-in-help', options), '/sign-in-help');
});
