import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Key,
  Metadata,
  MetaFile,
  Root,
  Signature,
  Snapshot,
  TargetFile,
  Targets,
  Timestamp,
} from '@tufjs/models';

const ROLES = ['root', 'timestamp', 'snapshot', 'targets'] as const;
type Role = (typeof ROLES)[number];

/** A key as a repository has it, and what signs with it. */
export interface SmallKey {
  readonly key: Key;
  readonly privateKey: KeyObject;
}

export function makeKey(kind: 'ed25519' | 'ecdsa' = 'ed25519', keyID?: string): SmallKey {
  const { publicKey, privateKey } =
    kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const text = publicKey.export({ format: 'pem', type: 'spki' }) as string;
  const scheme = kind === 'ed25519' ? 'ed25519' : 'ecdsa-sha2-nistp256';
  const id = keyID ?? createHash('sha256').update(text).digest('hex');
  return { key: new Key({ keyID: id, keyType: kind, scheme, keyVal: { public: text } }), privateKey };
}

/** A TUF repository with real keys. What is served lies in {@link files}, where a test may change it. */
export class SmallRepository {
  readonly files = new Map<string, Uint8Array>();
  readonly keys: Record<Role, SmallKey[]>;
  readonly thresholds: Record<Role, number> = { root: 1, timestamp: 1, snapshot: 1, targets: 1 };
  readonly expires: Record<Role, string>;
  readonly versions: Record<Role, number> = { root: 0, timestamp: 0, snapshot: 0, targets: 0 };
  /** Target files by name. */
  readonly targets: Map<string, Uint8Array>;
  /** Whether timestamp and snapshot give lengths and hashes, which they need not. */
  describes = true;
  /** Last word before metadata are signed. */
  edit: (role: Role, signed: Record<string, unknown>) => void = () => undefined;

  constructor(
    targets: Readonly<Record<string, Uint8Array>>,
    expires: string,
    kind: 'ed25519' | 'ecdsa' = 'ed25519',
  ) {
    this.targets = new Map(Object.entries(targets));
    const each = <T>(make: () => T): Record<Role, T> =>
      Object.fromEntries(ROLES.map((role) => [role, make()])) as Record<Role, T>;
    this.keys = each(() => [makeKey(kind)]);
    this.expires = each(() => expires);
    this.publishRoot();
    this.publish();
  }

  /** Signed by the keys so far and by those of {@link keys}. */
  publishRoot(signers: readonly SmallKey[] = [...this.#rootSigners, ...this.keys.root]): Uint8Array {
    const root = new Root({
      version: ++this.versions.root,
      specVersion: '1.0.31',
      expires: this.expires.root,
    });
    for (const role of ROLES) for (const { key } of this.keys[role]) root.addKey(key, role);
    for (const role of ROLES) (root.roles[role] as { threshold: number }).threshold = this.thresholds[role];
    this.#rootSigners = [...this.keys.root];
    const text = this.sign('root', root, signers);
    this.files.set(`${this.versions.root}.root.json`, text);
    return text;
  }

  /** New versions of the other three. */
  publish(): void {
    this.versions.targets++;
    this.versions.snapshot++;
    const targets = Object.fromEntries(
      [...this.targets].map(([path, content]) => {
        const hash = sha256(content);
        this.files.set(`targets/${hash}.${path}`, content);
        return [path, new TargetFile({ path, length: content.length, hashes: { sha256: hash } })];
      }),
    );
    const signedTargets = this.sign('targets', new Targets({ ...this.#common('targets'), targets }));
    this.files.set(`${this.versions.targets}.targets.json`, signedTargets);
    const meta = { 'targets.json': this.#metaFile('targets', signedTargets) };
    const signedSnapshot = this.sign('snapshot', new Snapshot({ ...this.#common('snapshot'), meta }));
    this.files.set(`${this.versions.snapshot}.snapshot.json`, signedSnapshot);
    this.publishTimestamp();
  }

  publishTimestamp(): void {
    this.versions.timestamp++;
    const snapshot = this.files.get(`${this.versions.snapshot}.snapshot.json`) as Uint8Array;
    const snapshotMeta = this.#metaFile('snapshot', snapshot);
    this.files.set(
      'timestamp.json',
      this.sign('timestamp', new Timestamp({ ...this.#common('timestamp'), snapshotMeta })),
    );
  }

  sign(
    role: Role,
    signed: Root | Timestamp | Snapshot | Targets,
    signers: readonly SmallKey[] = this.keys[role],
  ): Uint8Array {
    const json = signed.toJSON();
    this.edit(role, json);
    const metadata = new Metadata({ toJSON: () => json } as unknown as Root);
    for (const { key, privateKey } of signers) {
      const algorithm = key.keyType === 'ed25519' ? null : 'sha256';
      metadata.sign(
        (data) => new Signature({ keyID: key.keyID, sig: sign(algorithm, data, privateKey).toString('hex') }),
      );
    }
    return Buffer.from(JSON.stringify(metadata.toJSON()));
  }

  #rootSigners: readonly SmallKey[] = [];

  #common(role: Role): { version: number; specVersion: string; expires: string } {
    return { version: this.versions[role], specVersion: '1.0.31', expires: this.expires[role] };
  }

  #metaFile(role: 'snapshot' | 'targets', content: Uint8Array): MetaFile {
    const described = this.describes ? { length: content.length, hashes: { sha256: sha256(content) } } : {};
    return new MetaFile({ version: this.versions[role], ...described });
  }
}

/** A mirror of a repository, over real HTTP. */
export class SmallMirror {
  readonly requests: string[] = [];
  url = '';
  /** Answers in place of the repository when it returns true. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  #server: Server | undefined;

  static async serve(repository: SmallRepository): Promise<SmallMirror> {
    const mirror = new SmallMirror();
    const server = createServer((request, response) => {
      const path = (request.url ?? '').slice(1);
      mirror.requests.push(path);
      if (mirror.intercept(request, response)) return;
      const content = repository.files.get(path);
      response.writeHead(content === undefined ? 404 : 200).end(content);
    });
    mirror.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    mirror.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return mirror;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
