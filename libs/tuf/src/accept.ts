import { assertDescribed } from './digests.ts';
import { TufError } from './errors.ts';
import { expiryOf, type Role, type Signed } from './metadata.ts';
import { own } from './own.ts';
import { assertSigned } from './signatures.ts';

/**
 * A root that vouches for itself: the one that is given, which nothing else vouches for.
 *
 * @throws TufError SIGNATURES
 */
export function acceptInitialRoot(root: Signed<'root'>): void {
  assertSigned(root.metadata, 'root', root.metadata);
}

/**
 * The next root (section 5.3).
 *
 * @throws TufError SIGNATURES, VERSION
 */
export function acceptRoot(trusted: Signed<'root'>, next: Signed<'root'>): void {
  assertSigned(trusted.metadata, 'root', next.metadata); // 5.3.4, by the keys so far
  assertSigned(next.metadata, 'root', next.metadata); // and by its own
  assertVersion('root', next, trusted.metadata.signed.version + 1); // 5.3.5
}

/**
 * A timestamp (section 5.4), which may not be older than one that was seen.
 *
 * @throws TufError SIGNATURES, VERSION
 */
export function acceptTimestamp(
  root: Signed<'root'>,
  next: Signed<'timestamp'>,
  seen?: Signed<'timestamp'>,
): void {
  assertSigned(root.metadata, 'timestamp', next.metadata); // 5.4.2
  if (seen === undefined) return;
  assertNotOlder('timestamp.json', next.metadata.signed.version, seen.metadata.signed.version); // 5.4.3.1
  const [got, want] = [next, seen].map(({ metadata }) => metadata.signed.snapshotMeta.version) as [
    number,
    number,
  ];
  assertNotOlder('snapshot.json', got, want); // 5.4.3.2
}

/**
 * The snapshot that a timestamp names (section 5.5).
 *
 * @throws TufError MISMATCH, SIGNATURES, VERSION
 */
export function acceptSnapshot(
  root: Signed<'root'>,
  timestamp: Signed<'timestamp'>,
  next: Signed<'snapshot'>,
  seen?: Signed<'snapshot'>,
): void {
  const { snapshotMeta } = timestamp.metadata.signed;
  assertDescribed('snapshot.json', next.text, snapshotMeta); // 5.5.2
  assertSigned(root.metadata, 'snapshot', next.metadata); // 5.5.3
  assertVersion('snapshot', next, snapshotMeta.version); // 5.5.4
  if (seen === undefined) return;
  for (const [name, { version }] of Object.entries(seen.metadata.signed.meta)) {
    const found = own(next.metadata.signed.meta, name);
    if (found === undefined) throw new TufError('VERSION', `snapshot.json no longer names ${shorten(name)}`);
    assertNotOlder(shorten(name), found.version, version); // 5.5.5
  }
}

/**
 * The targets that a snapshot names (section 5.6).
 *
 * @throws TufError MISMATCH, SIGNATURES, VERSION
 */
export function acceptTargets(
  root: Signed<'root'>,
  snapshot: Signed<'snapshot'>,
  next: Signed<'targets'>,
): void {
  const meta = targetsMeta(snapshot);
  assertDescribed(TARGETS_FILE, next.text, meta); // 5.6.2
  assertSigned(root.metadata, 'targets', next.metadata); // 5.6.3
  assertVersion('targets', next, meta.version); // 5.6.4
}

/** What a snapshot says of targets.json. @throws TufError MALFORMED when it says nothing */
export function targetsMeta(snapshot: Signed<'snapshot'>): RoleFile {
  const found = own(snapshot.metadata.signed.meta, TARGETS_FILE);
  if (found !== undefined) return found;
  throw new TufError('MALFORMED', 'snapshot.json does not name targets.json');
}

/** @throws TufError EXPIRED (5.3.10, 5.4.4, 5.5.6, 5.6.5) */
export function assertNotExpired(role: Role, signed: Signed<Role>, now: Date): void {
  const expires = expiryOf(signed.metadata.signed);
  if (now.getTime() < expires.getTime()) return;
  throw new TufError(
    'EXPIRED',
    `${role}.json of version ${signed.metadata.signed.version} expired at ${expires.toISOString()}, and now is ${now.toISOString()}`,
  );
}

type RoleFile = Signed<'timestamp'>['metadata']['signed']['snapshotMeta'];

const TARGETS_FILE = 'targets.json';

function assertVersion(role: Role, signed: Signed<Role>, want: number): void {
  const got = signed.metadata.signed.version;
  if (got !== want) throw new TufError('VERSION', `${role}.json has version ${got}, want ${want}`);
}

function assertNotOlder(what: string, got: number, seen: number): void {
  if (got >= seen) return;
  throw new TufError(
    'VERSION',
    `${what} of version ${got} is older than version ${seen}, which was seen before`,
  );
}

function shorten(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}
