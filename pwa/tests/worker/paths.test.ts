import assert from 'node:assert/strict'
import { test } from 'node:test'
import { opensTheApp } from '../../worker/paths.ts'

const record = Buffer.from([...Array(16).keys()]).toString('base64url')
const circle = Buffer.from([...Array(32).keys()]).toString('base64url')

test('the worker answers for every screen of the app', () => {
  for (const path of [
    '/',
    '/today',
    '/join',
    '/notes',
    `/notes/${record}`,
    `/s/${record}`,
    `/s/${record}/register`,
    `/groups/${circle}/ground-rules`,
    '/more/my-attendance',
  ]) {
    assert.ok(opensTheApp(path), path)
  }
})

test('what is not a screen is the business of the server, which says 404', () => {
  for (const path of [
    '',
    '/today/',
    '/nowhere',
    '/v1/sync',
    '/demo',
    '/demo/people.json',
    '/healthz',
    '/notes/1',
    `/notes/${circle}`,
    `/s/${record.slice(0, -1)}B`,
    `/s/${record}/`,
    `/s/${record}\n`,
    '/more/../today',
    '/assets/boot-Cv_kncTx.js',
    '/sw.js',
  ]) {
    assert.ok(!opensTheApp(path), path)
  }
})
