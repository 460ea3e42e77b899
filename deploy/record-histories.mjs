// Records the histories that CI replays: node deploy/record-histories.mjs BINARY RELEASE
// Run it with a released binary, never with the branch under test. It serves the demo, approves every other approval and
// denies the rest, and writes each run's archived history, with the key that opens them, under workflows/testdata.
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const [binary, release] = process.argv.slice(2);
if (!binary || !release) {
  console.error('usage: node deploy/record-histories.mjs BINARY RELEASE');
  process.exit(2);
}
const data = mkdtempSync(join(tmpdir(), 'picket-record-'));
const token = 'pk_record-histories-0123456789abcdefghijkl';
const listen = `127.0.0.1:${19000 + Math.floor(Math.random() * 900)}`;
const server = spawn(binary, ['serve', '--demo', '--data', data, '--listen', listen], {
  env: { ...process.env, PICKET_ADMIN_TOKEN: token },
  stdio: ['ignore', 'ignore', 'inherit'],
});
const call = async (method, path, body) => {
  const res = await fetch(`http://${listen}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  if (!res.ok) throw new Error(`${method} ${path}: ${res.status} ${await res.text()}`);
  return res;
};
const until = async (what, probe) => {
  for (let i = 0; i < 600; i++) {
    try {
      const found = await probe();
      if (found) return found;
    } catch (error) {
      if (i === 599) throw error;
    }
    await sleep(100);
  }
  throw new Error(`timed out: ${what}`);
};

try {
  await until('ready', async () => (await fetch(`http://${listen}/healthz`)).ok);
  const decisions = new Map();
  const runs = await until('all runs ended', async () => {
    const waiting = (await (await call('GET', '/v1/approvals?status=pending')).json()).items;
    for (const a of waiting) {
      const outcome = decisions.size % 2 === 0 ? 'approved' : 'denied';
      await call('POST', `/v1/approvals/${a.id}/decision`, { outcome, reason: 'recorded', digest: a.digest });
      decisions.set(a.run_id, outcome);
    }
    const all = (await (await call('GET', '/v1/runs')).json()).items;
    return all.length >= 6 && all.every((r) => r.archive) && all;
  });
  const dir = join('workflows', 'testdata', 'history', release);
  mkdirSync(dir, { recursive: true });
  const taken = new Set();
  for (const run of runs) {
    let name = `${run.playbook}-${run.status}-${decisions.get(run.id) ?? 'undecided'}`;
    while (taken.has(name)) name += '-again';
    taken.add(name);
    writeFileSync(join(dir, `${name}.json`), await (await call('GET', `/v1/runs/${run.id}/history`)).text());
  }
  copyFileSync(join(data, 'keys', 'payload.keys'), join(dir, 'payload.keys'));
  console.log([...taken].sort().join('\n'));
} finally {
  server.kill('SIGTERM');
  await new Promise((resolve) => server.once('exit', resolve));
  rmSync(data, { recursive: true, force: true });
}
