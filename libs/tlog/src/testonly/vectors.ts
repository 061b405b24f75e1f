import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { env } from 'node:process';

/** Upstream test vectors; a spec that needs them names its skip when they are absent. */
export const vectors =
  env['SIGSTEAD_VECTORS'] ?? resolve(import.meta.dirname, '../../../../../shared/vectors');
export const hasVectors = existsSync(resolve(vectors, 'sigstore-conformance'));

const cases = resolve(vectors, 'sigstore-conformance/bundle-verify');

export interface InstanceJson {
  readonly baseUrl: string;
  readonly publicKey: { readonly rawBytes: string };
  readonly logId: { readonly keyId: string };
}

export interface TlogEntryJson {
  readonly logIndex: string;
  readonly logId: { readonly keyId: string };
  readonly kindVersion: { readonly kind: string; readonly version: string };
  readonly integratedTime?: string;
  readonly inclusionPromise?: { readonly signedEntryTimestamp: string };
  readonly inclusionProof?: {
    readonly logIndex: string;
    readonly rootHash: string;
    readonly treeSize: string;
    readonly hashes: readonly string[];
    readonly checkpoint: { readonly envelope: string };
  };
  readonly canonicalizedBody: string;
}

export interface EvidenceCase {
  readonly name: string;
  readonly entries: readonly TlogEntryJson[];
  readonly tlogs: readonly InstanceJson[];
}

/** Log entries of the conformance cases that must be accepted, with the logs of their trusted root. */
export function acceptedEvidence(): EvidenceCase[] {
  if (!hasVectors) return [];
  return readdirSync(cases, { withFileTypes: true })
    .filter((folder) => folder.isDirectory() && !folder.name.endsWith('_fail'))
    .map(({ name }) => readCase(name));
}

export function readCase(name: string): EvidenceCase {
  const own = resolve(cases, name, 'trusted_root.json');
  const root = existsSync(own) ? own : resolve(vectors, 'sigstore-public-good/trusted_root.json');
  const bundle = readJson(resolve(cases, name, 'bundle.sigstore.json')) as {
    verificationMaterial: { tlogEntries: TlogEntryJson[] };
  };
  return {
    name,
    entries: bundle.verificationMaterial.tlogEntries,
    tlogs: (readJson(root) as { tlogs: InstanceJson[] }).tlogs,
  };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
