import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs the real openssl with files of these names in its working folder; what it writes to `out`, else its stdout. */
export function openssl(
  args: readonly string[],
  files: Readonly<Record<string, Uint8Array | string>> = {},
): Uint8Array {
  const cwd = mkdtempSync(join(tmpdir(), 'sigstead-timestamp-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
    const stdout = execFileSync('openssl', [...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    return Uint8Array.from(args.includes('out') ? readFileSync(join(cwd, 'out')) : stdout);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}
