import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { TARGET, types } from '../tools/api.js';

/** @typedef {import('../src/api.d.ts').components['schemas']} Api */

test('the types of the API are those of the document', async () => {
  assert.equal(await readFile(TARGET, 'utf8'), await types(), 'out of date: npm run api');
});

test('what the SDK hands on is what the API answers', () => {
  // The compiler decides this one: `npm run check`.
  /** @type {(answer: Api['Profile']) => import('../src/types.js').User} */
  const user = (answer) => answer;
  /** @type {(answer: Api['Session']) => import('../src/types.js').Session} */
  const session = (answer) => answer;
  assert.deepEqual([user.length, session.length], [1, 1]);
});
