import { generateKeyPairSync } from 'node:crypto';
import { encodeUtf8 } from '@sigstead/encoding';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Key } from '@tufjs/models';
import { TufError } from './errors.ts';
import { Repository, type RepositoryState } from './repository.ts';
import { makeKey, SmallMirror, SmallRepository } from './testonly/small-repository.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const LATER = '2026-07-01T00:00:00Z';
const PAST = '2026-05-01T00:00:00Z';
const ROOT = encodeUtf8('{"trusted":"root"}');
const WANTED = { required: ['trusted_root.json'], optional: ['signing_config.v0.2.json'] };

let repository: SmallRepository;
let mirror: SmallMirror;
let initialRoot: Uint8Array;

beforeEach(async () => {
  repository = new SmallRepository({ 'trusted_root.json': ROOT }, LATER);
  initialRoot = repository.files.get('1.root.json') as Uint8Array;
  mirror = await SmallMirror.serve(repository);
});
afterEach(() => mirror.close());

const open = (state?: RepositoryState): Repository => new Repository(initialRoot, state);

async function refresh(client: Repository, now = NOW): Promise<Repository> {
  const signal = AbortSignal.timeout(20_000);
  await client.refresh({ url: mirror.url, fetch, timeoutMs: 15_000, signal }, WANTED, now);
  return client;
}

async function refusal(client: Repository, now = NOW): Promise<string> {
  return refresh(client, now).then(
    () => 'accepted',
    (error: unknown) => {
      if (error instanceof TufError) return `${error.code}: ${error.message}`;
      throw error;
    },
  );
}

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes);

/** Metadata of the repository with a change that nobody has signed. */
function tamper(path: string, change: (content: string) => string): void {
  repository.files.set(path, encodeUtf8(change(text(repository.files.get(path)) as string)));
}

describe('a repository', () => {
  it('gives the files its targets vouch for', async () => {
    repository.targets.set('signing_config.v0.2.json', encodeUtf8('{}'));
    repository.publish();
    const client = await refresh(open());
    expect([text(client.file('trusted_root.json')), text(client.file('signing_config.v0.2.json'))]).toEqual([
      '{"trusted":"root"}',
      '{}',
    ]);
  });

  it('is asked for the next root, the timestamp, and what that names', async () => {
    await refresh(open());
    expect(mirror.requests).toEqual([
      '2.root.json',
      'timestamp.json',
      '1.snapshot.json',
      '1.targets.json',
      expect.stringMatching(/^targets\/[0-9a-f]{64}\.trusted_root\.json$/),
    ]);
  });

  it('is asked for no more than root and timestamp when nothing has changed', async () => {
    const { state } = await refresh(open()).then((client) => ({ state: client.state() }));
    mirror.requests.length = 0;
    const client = await refresh(open(state));
    expect(mirror.requests).toEqual(['2.root.json', 'timestamp.json']);
    expect(text(client.file('trusted_root.json'))).toBe('{"trusted":"root"}');
  });

  it('is used from what was kept, without being asked', async () => {
    const { state } = await refresh(open()).then((client) => ({ state: client.state() }));
    mirror.requests.length = 0;
    const client = open(state);
    expect([text(client.file('trusted_root.json')), client.ignored, mirror.requests]).toEqual([
      '{"trusted":"root"}',
      undefined,
      [],
    ]);
  });

  it('takes up new files', async () => {
    const client = await refresh(open());
    repository.targets.set('trusted_root.json', encodeUtf8('{"trusted":"newer"}'));
    repository.publish();
    await refresh(client);
    expect(text(client.file('trusted_root.json'))).toBe('{"trusted":"newer"}');
  });

  it('need not describe its metadata by length and hash', async () => {
    repository.describes = false;
    repository.publish();
    await refresh(open());
  });

  it('may name files without their versions and hashes', async () => {
    repository.edit = (role, signed) => {
      if (role === 'root') signed['consistent_snapshot'] = false;
    };
    initialRoot = repository.publishRoot();
    for (const role of ['snapshot', 'targets'])
      repository.files.set(`${role}.json`, repository.files.get(`1.${role}.json`) as Uint8Array);
    repository.files.set('targets/trusted_root.json', ROOT);
    await refresh(open());
    expect(mirror.requests.slice(1)).toEqual([
      'timestamp.json',
      'snapshot.json',
      'targets.json',
      'targets/trusted_root.json',
    ]);
  });

  it('tells when what it rests on ends, the first end first', async () => {
    repository.expires.timestamp = '2026-06-08T00:00:00Z';
    repository.publish();
    const client = await refresh(open());
    expect(client.expiries()[0]).toEqual({ role: 'timestamp', expires: new Date('2026-06-08T00:00:00Z') });
    expect(client.expiries()).toHaveLength(4);
  });

  it.each(['ecdsa', 'ed25519'] as const)('may have keys of %s', async (kind) => {
    const other = new SmallRepository({ 'trusted_root.json': ROOT }, LATER, kind);
    for (const [path, content] of other.files) repository.files.set(path, content);
    initialRoot = other.files.get('1.root.json') as Uint8Array;
    await refresh(open());
  });

  it('may have keys in hex', async () => {
    for (const kind of ['ed25519', 'ecdsa'] as const) {
      const { publicKey, privateKey } =
        kind === 'ed25519'
          ? generateKeyPairSync('ed25519')
          : generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const spki = publicKey.export({ format: 'der', type: 'spki' });
      const hex = spki.subarray(kind === 'ed25519' ? -32 : -65).toString('hex');
      const scheme = kind === 'ed25519' ? kind : 'ecdsa-sha2-nistp256';
      const key = new Key({ keyID: `hex ${kind}`, keyType: kind, scheme, keyVal: { public: hex } });
      repository.keys.timestamp = [{ key, privateKey }];
      repository.publishRoot();
      repository.publishTimestamp();
      await refresh(open());
    }
  });
});

describe('the initial root', () => {
  it('is one', () => {
    expect(() => new Repository(encodeUtf8('{}'))).toThrow(/^root\.json is no root metadata/);
    expect(() => new Repository(encodeUtf8('[]'))).toThrow(TufError);
    expect(() => new Repository(repository.files.get('timestamp.json') as Uint8Array)).toThrow(
      /no root metadata: expected 'root', got timestamp/,
    );
  });

  it('vouches for itself', () => {
    tamper('1.root.json', (content) => content.replace(LATER, '2099-07-01T00:00:00Z'));
    expect(() => new Repository(repository.files.get('1.root.json') as Uint8Array)).toThrow(
      /signed by 0 keys/,
    );
  });

  it('may have expired when there is a newer one', async () => {
    repository.expires.root = PAST;
    repository.versions.root = 0;
    initialRoot = repository.publishRoot();
    expect(await refusal(open())).toMatch(
      /^EXPIRED: root\.json of version 1 expired at 2026-05-01T00:00:00.000Z, and now is 2026-06-01T12:00:00.000Z/,
    );
    repository.expires.root = LATER;
    repository.publishRoot();
    await refresh(open());
  });
});

describe('a new root', () => {
  it('is followed, one after the other', async () => {
    repository.keys.root = [makeKey()];
    repository.publishRoot();
    repository.keys.root = [makeKey()];
    repository.keys.targets = [makeKey()];
    repository.publishRoot();
    repository.publish();
    const client = await refresh(open());
    expect(client.state().roots).toHaveLength(2);
    expect(mirror.requests.slice(0, 4)).toEqual([
      '2.root.json',
      '3.root.json',
      '4.root.json',
      'timestamp.json',
    ]);
  });

  it('is followed from what was kept, beginning with the initial root', async () => {
    repository.keys.root = [makeKey()];
    repository.publishRoot();
    const state = (await refresh(open())).state();
    mirror.requests.length = 0;
    await refresh(open(state));
    expect(mirror.requests).toEqual(['3.root.json', 'timestamp.json']);
  });

  it('is not there when the mirror says 403, as object stores do', async () => {
    mirror.intercept = (request, response) => {
      if (request.url !== '2.root.json') return false;
      response.writeHead(403).end();
      return true;
    };
    await refresh(open());
  });

  it('must be signed by the keys so far', async () => {
    repository.keys.root = [makeKey()];
    repository.publishRoot(repository.keys.root);
    expect(await refusal(open())).toMatch(
      /^SIGNATURES: root\.json of version 2 is signed by 0 keys of its role, want 1/,
    );
  });

  it('must be signed by its own keys', async () => {
    const old = repository.keys.root;
    repository.keys.root = [makeKey()];
    repository.publishRoot(old);
    expect(await refusal(open())).toMatch(/^SIGNATURES: root/);
  });

  it('must be the next one', async () => {
    repository.publishRoot();
    repository.publishRoot();
    repository.files.set('2.root.json', repository.files.get('3.root.json') as Uint8Array);
    expect(await refusal(open())).toMatch(/^VERSION: root\.json has version 3, want 2/);
  });

  it('takes back what keys it no longer names have signed', async () => {
    const client = await refresh(open());
    repository.keys.targets = [makeKey()];
    repository.publishRoot();
    expect(await refusal(client)).toMatch(/^SIGNATURES: targets/);
    expect(client.file('trusted_root.json')).toBeUndefined();
  });

  it('forgets versions that a thief of the timestamp key has driven up', async () => {
    const client = open();
    repository.versions.timestamp = 1_000_000;
    repository.publishTimestamp();
    await refresh(client);
    repository.versions.timestamp = 1;
    repository.keys.timestamp = [makeKey()];
    repository.publishRoot();
    repository.publishTimestamp();
    await refresh(client);
  });

  it('is kept even if what comes after it fails', async () => {
    repository.keys.timestamp = [makeKey()];
    repository.publishRoot();
    const client = open();
    expect(await refusal(client)).toMatch(/^SIGNATURES: timestamp/);
    expect(client.state().roots).toHaveLength(1);
  });

  it('is not followed without end', async () => {
    for (let count = 0; count < 258; count++) repository.publishRoot();
    expect(await refusal(open())).toMatch(/^LIMIT: .* has more than 256 new roots/);
  });
});

describe('signatures', () => {
  it('are counted up to the threshold', async () => {
    repository.keys.timestamp = [makeKey(), makeKey()];
    repository.thresholds.timestamp = 2;
    repository.publishRoot();
    repository.publishTimestamp();
    await refresh(open());
    repository.files.set(
      'timestamp.json',
      withoutOneSignature(repository.files.get('timestamp.json') as Uint8Array),
    );
    expect(await refusal(open())).toMatch(
      /^SIGNATURES: timestamp\.json of version 2 is signed by 1 keys of its role, want 2/,
    );
  });

  it('of one key under two names are one', async () => {
    const { key, privateKey } = makeKey();
    const { keyType, scheme, keyVal } = key;
    const again = { key: new Key({ keyID: 'another name', keyType, scheme, keyVal }), privateKey };
    repository.keys.timestamp = [{ key, privateKey }, again];
    repository.thresholds.timestamp = 2;
    repository.publishRoot();
    repository.publishTimestamp();
    expect(await refusal(open())).toMatch(/is signed by 1 keys of its role, want 2/);
  });

  it('need a key that passes the gate', async () => {
    const { privateKey } = makeKey('ecdsa');
    // P-256 at infinity: `00` in place of a point.
    const spki = Buffer.from('301a301306072a8648ce3d020106082a8648ce3d03010703020000', 'hex').toString(
      'base64',
    );
    const pem = `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`;
    const key = new Key({
      keyID: 'infinity',
      keyType: 'ecdsa',
      scheme: 'ecdsa-sha2-nistp256',
      keyVal: { public: pem },
    });
    repository.keys.timestamp = [{ key, privateKey }];
    repository.publishRoot();
    repository.publishTimestamp();
    expect(await refusal(open())).toMatch(/^SIGNATURES: timestamp\.json .* signed by 0 keys/);
  });

  it.each([0, -1])('are needed: a threshold of %i is none', async (threshold) => {
    repository.edit = (role, signed) => {
      const roles = signed['roles'] as Record<string, { threshold: number }>;
      if (role === 'root') (roles['timestamp'] as { threshold: number }).threshold = threshold;
    };
    repository.publishRoot();
    expect(await refusal(open())).toMatch(/^MALFORMED: root\.json/);
  });

  it.each(['timestamp', 'snapshot', 'targets'] as const)('of %s are those of its role', async (role) => {
    repository.describes = false;
    repository.keys[role] = [makeKey()];
    repository.publish();
    expect(await refusal(open())).toMatch(new RegExp(`^SIGNATURES: ${role}`));
  });
});

describe('a rollback', () => {
  const replay = (...paths: string[]): (() => void) => {
    const old = paths.map((path) => [path, repository.files.get(path) as Uint8Array] as const);
    return () => old.forEach(([path, content]) => repository.files.set(path, content));
  };

  it('to an older timestamp is refused, by whoever has seen the newer one', async () => {
    const turnBack = replay('timestamp.json');
    repository.publish();
    const client = await refresh(open());
    turnBack();
    const want = /^VERSION: timestamp\.json of version 1 is older than version 2, which was seen before/;
    expect(await refusal(client)).toMatch(want);
    expect(await refusal(open(client.state()))).toMatch(want);
    expect(text(client.file('trusted_root.json'))).toBe('{"trusted":"root"}');
  });

  it('is refused even where the newer timestamp led to nothing', async () => {
    const turnBack = replay('timestamp.json');
    const client = await refresh(open());
    repository.publish();
    repository.files.delete('2.snapshot.json');
    expect(await refusal(client)).toMatch(/^STATUS: .* has no 2\.snapshot\.json/);
    turnBack();
    expect(await refusal(open(client.state()))).toMatch(/^VERSION: timestamp/);
    expect(text(open(client.state()).file('trusted_root.json'))).toBe('{"trusted":"root"}');
  });

  it('to an older snapshot is refused', async () => {
    repository.publish();
    const client = await refresh(open());
    repository.versions.snapshot = 1;
    repository.publishTimestamp();
    expect(await refusal(client)).toMatch(/^VERSION: snapshot\.json of version 1 is older than version 2/);
  });

  it('to older targets is refused', async () => {
    repository.publish();
    const client = await refresh(open());
    repository.versions.targets = 0;
    repository.publish();
    expect(await refusal(client)).toMatch(/^VERSION: "targets\.json" of version 1 is older than version 2/);
  });

  it('that takes a role away is refused', async () => {
    repository.edit = (role, signed) => {
      if (role === 'snapshot') (signed['meta'] as Record<string, object>)['helper.json'] = { version: 1 };
    };
    repository.publish();
    const client = await refresh(open());
    repository.edit = () => undefined;
    repository.publish();
    expect(await refusal(client)).toMatch(/^VERSION: snapshot\.json no longer names "helper\.json"/);
  });

  it('by a snapshot or targets of another version is refused', async () => {
    repository.describes = false;
    repository.publish();
    repository.files.set('2.targets.json', repository.files.get('1.targets.json') as Uint8Array);
    expect(await refusal(open())).toMatch(/^VERSION: targets\.json has version 1, want 2/);
    repository.files.set('2.snapshot.json', repository.files.get('1.snapshot.json') as Uint8Array);
    expect(await refusal(open())).toMatch(/^VERSION: snapshot\.json has version 1, want 2/);
  });
});

describe('expired', () => {
  it.each(['timestamp', 'snapshot', 'targets'] as const)('%s is told by name and date', async (role) => {
    repository.expires[role] = PAST;
    repository.publish();
    expect(await refusal(open())).toMatch(
      new RegExp(`^EXPIRED: ${role}\\.json of version 2 expired at 2026-05-01T00:00:00.000Z`),
    );
  });

  it('metadata are still what was kept, and their date is told', async () => {
    const client = await refresh(open());
    const muchLater = new Date('2027-01-01T00:00:00Z');
    expect(await refusal(client, muchLater)).toMatch(/^EXPIRED: root\.json/);
    expect(client.file('trusted_root.json')).toBeDefined();
    expect(client.expiries()[0]?.expires).toEqual(new Date(LATER));
  });
});

describe('files', () => {
  const path = (): string =>
    [...repository.files.keys()].find((name) => name.startsWith('targets/')) as string;

  it('with another hash are refused', async () => {
    repository.files.set(path(), encodeUtf8('{"trusted":"rook"}'));
    expect(await refusal(open())).toMatch(/^MISMATCH: trusted_root\.json has the sha256 [0-9a-f]{64}, want/);
  });

  it('of another length are refused', async () => {
    repository.files.set(path(), encodeUtf8('{}'));
    expect(await refusal(open())).toMatch(/^MISMATCH: trusted_root\.json has 2 bytes, want 18/);
    repository.files.set(path(), new Uint8Array(1000));
    expect(await refusal(open())).toMatch(/^LIMIT: .* has more than 18 bytes/);
  });

  it('without a hash we know are refused', async () => {
    repository.edit = (role, signed) => {
      if (role === 'targets')
        (signed['targets'] as Record<string, object>)['trusted_root.json'] = {
          length: 18,
          hashes: { md5: '00' },
        };
    };
    repository.publish();
    expect(await refusal(open())).toMatch(
      /^MISMATCH: trusted_root\.json is described by neither SHA-256 nor SHA-512/,
    );
  });

  it('that are too large are not asked for', async () => {
    repository.edit = (role, signed) => {
      const hashes = { sha256: '00'.repeat(32) };
      if (role === 'targets')
        (signed['targets'] as Record<string, object>)['trusted_root.json'] = { length: 5_000_000, hashes };
    };
    repository.publish();
    expect(await refusal(open())).toMatch(/^LIMIT: trusted_root\.json has 5000000 bytes/);
    expect(mirror.requests.at(-1)).toBe('2.targets.json');
  });

  it('that are not there are told', async () => {
    repository.files.delete(path());
    expect(await refusal(open())).toMatch(/^STATUS: .* has no targets\//);
    repository.targets.delete('trusted_root.json');
    repository.publish();
    expect(await refusal(open())).toMatch(
      /^TARGET: targets\.json of version 2 does not have trusted_root\.json/,
    );
  });

  it('are not taken from delegated roles, which are not asked', async () => {
    repository.targets.delete('trusted_root.json');
    repository.edit = (role, signed) => {
      const { key } = makeKey();
      const delegated = {
        name: 'helper',
        keyids: [key.keyID],
        threshold: 1,
        terminating: true,
        paths: ['*'],
      };
      if (role === 'targets')
        signed['delegations'] = { keys: { [key.keyID]: key.toJSON() }, roles: [delegated] };
    };
    repository.publish();
    mirror.requests.length = 0;
    expect(await refusal(open())).toMatch(/^TARGET: .*delegated roles have no say/);
    expect(mirror.requests.filter((request) => request.includes('helper'))).toEqual([]);
  });

  it('have no say in names of files: signed ones are never followed', async () => {
    for (const name of ['../../trusted_root.json', '..\\up.json', '__proto__', 'constructor'])
      repository.targets.set(name, encodeUtf8(name));
    repository.publish();
    const client = await refresh(open());
    expect([...(client.state().release?.files.keys() ?? [])]).toEqual(['trusted_root.json']);
  });
});

describe('answers that are none', () => {
  it.each([
    ['not JSON', '<html>not found</html>', /^MALFORMED: timestamp\.json: malformed JSON/],
    ['no object', '[]', /^MALFORMED: timestamp\.json is no JSON object/],
    ['nothing', '', /^MALFORMED/],
    ['null', '{"signed":null,"signatures":[]}', /^MALFORMED/],
    ['without signatures', '{"signed":{"_type":"timestamp"}}', /^MALFORMED/],
    ['too deep', '['.repeat(100) + ']'.repeat(100), /^LIMIT: timestamp\.json: JSON nested deeper/],
    ['too many values', `[${'0,'.repeat(1000)}0]`, /^LIMIT: timestamp\.json: JSON of more than 256 values/],
    ['too large', ' '.repeat(16_385), /^LIMIT: .*timestamp\.json has more than 16384 bytes/],
  ])('%s', async (_, content, want) => {
    repository.files.set('timestamp.json', encodeUtf8(content));
    expect(await refusal(open())).toMatch(want);
  });

  it.each([
    ['version', 0],
    ['version', 1e20],
    ['version', '1'],
    ['expires', 'never'],
    ['spec_version', '2.0.0'],
    ['meta', {}],
    ['meta', null],
  ])('%s of %j', async (field, value) => {
    repository.edit = (role, signed) => {
      if (role === 'timestamp') signed[field] = value;
    };
    repository.publishTimestamp();
    expect(await refusal(open())).toMatch(/^MALFORMED: timestamp\.json is no timestamp metadata/);
  });

  it('a snapshot that does not name the targets', async () => {
    repository.edit = (role, signed) => {
      if (role === 'snapshot') signed['meta'] = { 'other.json': { version: 1 } };
    };
    repository.publish();
    expect(await refusal(open())).toMatch(/^MALFORMED: snapshot\.json does not name targets\.json/);
  });

  it('other statuses, redirects among them', async () => {
    for (const status of [302, 500]) {
      mirror.intercept = (_, response) => {
        response.writeHead(status, { location: '/elsewhere' }).end();
        return true;
      };
      expect(await refusal(open())).toMatch(new RegExp(`^STATUS: http.*2\\.root\\.json answered ${status}`));
    }
  });

  it('endless ones are given up at their bound', async () => {
    mirror.intercept = (request, response) => {
      if (request.url !== '/timestamp.json') return false;
      const pump = (): void => void (response.destroyed || response.write('x'.repeat(65_536), pump));
      pump();
      return true;
    };
    expect(await refusal(open())).toMatch(/^LIMIT/);
  });

  it('and ones that do not come are given up in time', async () => {
    mirror.intercept = () => true;
    const signal = AbortSignal.timeout(20_000);
    const attempt = open().refresh({ url: mirror.url, fetch, timeoutMs: 50, signal }, WANTED, NOW);
    await expect(attempt).rejects.toMatchObject({ name: 'TufError', code: 'TIMEOUT' });
  });

  it('nor does a mirror that is not there', async () => {
    await mirror.close();
    expect(await refusal(open())).toMatch(/^UNREACHABLE: http.* cannot be reached: connect ECONNREFUSED/);
  });
});

describe('what was kept', () => {
  it('adds no trust, whoever wrote it', async () => {
    const other = new SmallRepository({ 'trusted_root.json': encodeUtf8('{"trusted":"rogue"}') }, LATER);
    other.publishRoot();
    const rogue = await SmallMirror.serve(other);
    const client = new Repository(other.files.get('1.root.json') as Uint8Array);
    const signal = AbortSignal.timeout(20_000);
    await client.refresh({ url: rogue.url, fetch, timeoutMs: 15_000, signal }, WANTED, NOW);
    await rogue.close();
    const misled = open(client.state());
    expect([misled.file('trusted_root.json'), misled.ignored?.code]).toEqual([undefined, 'SIGNATURES']);
  });

  it('is nothing when a file in it was changed', async () => {
    const { release, ...state } = (await refresh(open())).state();
    const files = new Map([['trusted_root.json', encodeUtf8('{"trusted":"rook"}')]]);
    const client = open({ ...state, release: release && { ...release, files } });
    expect([client.file('trusted_root.json'), client.ignored?.code]).toEqual([undefined, 'MISMATCH']);
    await refresh(client);
  });

  it('counts beside an initial root that has become a newer one', async () => {
    initialRoot = repository.files.get('1.root.json') as Uint8Array;
    repository.publishRoot();
    repository.publishRoot();
    const state = (await refresh(open())).state();
    initialRoot = repository.files.get('2.root.json') as Uint8Array;
    const client = open(state);
    expect([client.ignored, client.state().roots.length]).toEqual([undefined, 1]);
    expect(client.file('trusted_root.json')).toBeDefined();
  });
});

function withoutOneSignature(metadata: Uint8Array): Uint8Array {
  const json = JSON.parse(new TextDecoder().decode(metadata)) as { signatures: object[] };
  return encodeUtf8(JSON.stringify({ ...json, signatures: json.signatures.slice(1) }));
}
