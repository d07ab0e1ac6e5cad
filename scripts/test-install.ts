/** `make install` into a directory of its own: the installed program runs, and uninstall leaves nothing. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = join(import.meta.dirname, 'install.sh');
const root = mkdtempSync(join(tmpdir(), 'sallyport-install-'));
let failed = 0;

function step(label: string, holds: () => boolean): void {
  let isGood = false;
  try {
    isGood = holds();
  } catch (error) {
    process.stdout.write(`${String(error)}\n`);
  }
  failed += isGood ? 0 : 1;
  process.stdout.write(`${isGood ? 'ok    ' : 'FAILED'} ${label}\n`);
}

function install(...args: readonly string[]): void {
  execFileSync(SCRIPT, args, {
    env: { ...process.env, PREFIX: root },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

try {
  step('install', () => {
    install();
    install();
    return true;
  });
  step('the installed program plans the example', () => {
    const example = join(root, 'example');
    cpSync('examples/first-tunnel', example, { recursive: true });
    const secret = join(example, 'secret.yaml');
    writeFileSync(join(example, 'key'), 'a key for this test only', { mode: 0o600 });
    writeFileSync(secret, readFileSync(secret, 'utf8').replace(/file: .*/, 'file: key'));
    const plan = execFileSync(join(root, 'bin', 'sallyport'), ['plan', '-f', example], {
      encoding: 'utf8',
      cwd: '/',
    });
    rmSync(example, { recursive: true });
    return plan.includes('branch');
  });
  step('uninstall leaves no file', () => {
    // Without DESTDIR it would take down the tunnels of this host.
    execFileSync(SCRIPT, ['--uninstall'], {
      env: { ...process.env, PREFIX: '/', DESTDIR: root },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return readdirSync(root, { recursive: true, withFileTypes: true }).every((entry) =>
      entry.isDirectory(),
    );
  });
} finally {
  rmSync(root, { recursive: true, force: true });
}
process.stdout.write(`${3 - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
