import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { sha256 } from '@sigstead/crypto';
import { parseTrustedRoot, type TrustedRoot } from '@sigstead/trust';
import type { Artifact } from '../evidence/signature-evidence.ts';
import { compilePolicy, type Policy } from '../policy.ts';
import { vectorsFolder } from './vectors.ts';

// The cases of sigstore-conformance v0.0.29, with the defaults of that suite.
const cases = resolve(vectorsFolder, 'sigstore-conformance', 'bundle-verify');
const publicGood = resolve(vectorsFolder, 'sigstore-public-good', 'trusted_root.json');
const IDENTITY =
  'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main';
const ISSUER = 'https://token.actions.githubusercontent.com';
export const CONFORMANCE_NOW = new Date('2026-11-22T00:00:00Z');

/** One case; what is not the bundle is read when it is asked for, as the reading itself may be what must fail. */
export interface ConformanceCase {
  readonly bundle: Uint8Array;
  artifact(): Artifact;
  trustedRoot(): TrustedRoot;
  policy(): Policy;
}

/** Names of all cases, none without the vectors. */
export function conformanceCases(): string[] {
  if (!existsSync(cases)) return [];
  return readdirSync(cases).filter((name) => existsSync(resolve(cases, name, 'bundle.sigstore.json')));
}

/** @param by whether the verifier has the artifact itself or its digest */
export function readConformanceCase(name: string, by: 'path' | 'digest'): ConformanceCase {
  const folder = resolve(cases, name);
  return {
    bundle: readFileSync(resolve(folder, 'bundle.sigstore.json')),
    artifact: () => artifactOf(folder, by),
    trustedRoot: () => trustedRootOf(folder),
    policy: () => policyOf(folder),
  };
}

function artifactOf(folder: string, by: 'path' | 'digest'): Artifact {
  const own = resolve(folder, 'artifact');
  const content = readFileSync(existsSync(own) ? own : resolve(cases, 'a.txt'));
  const digest = { algorithm: 'sha256', digest: sha256(content) } as const;
  return by === 'path' ? { ...digest, content } : digest;
}

function trustedRootOf(folder: string): TrustedRoot {
  const own = resolve(folder, 'trusted_root.json');
  return parseTrustedRoot(readFileSync(existsSync(own) ? own : publicGood));
}

function policyOf(folder: string): Policy {
  const key = resolve(folder, 'key.pub');
  if (existsSync(key)) return compilePolicy({ key: readFileSync(key, 'utf8') });
  const read = (file: string, fallback: string): string => {
    const path = resolve(folder, file);
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : fallback;
  };
  return compilePolicy({ identity: read('identity', IDENTITY), issuer: read('issuer', ISSUER) });
}
