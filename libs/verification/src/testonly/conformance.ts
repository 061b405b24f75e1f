import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { sha256 } from '@sigstead/crypto';
import type { Artifact } from '../evidence/signature-evidence.ts';
import type { PolicyInput } from '../policy/policy-input.ts';
import { vectorsFolder } from './vectors.ts';

// The cases of sigstore-conformance v0.0.29, with the defaults of that suite.
const cases = resolve(vectorsFolder, 'sigstore-conformance', 'bundle-verify');
const publicGood = resolve(vectorsFolder, 'sigstore-public-good', 'trusted_root.json');
const IDENTITY =
  'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main';
const ISSUER = 'https://token.actions.githubusercontent.com';
export const CONFORMANCE_NOW = new Date('2026-11-22T00:00:00Z');

/** What one case gives a client. Nothing of it has been read: that may be what must fail. */
export interface ConformanceCase {
  readonly bundle: Uint8Array;
  readonly artifact: Uint8Array;
  readonly trustedRoot: Uint8Array;
  /** A managed key, or who must have signed. */
  readonly policy:
    Pick<PolicyInput, 'key'> | (Pick<PolicyInput, 'identity' | 'issuer'> & { key?: undefined });
}

/** Names of all cases, none without the vectors. */
export function conformanceCases(): string[] {
  if (!existsSync(cases)) return [];
  return readdirSync(cases).filter((name) => existsSync(resolve(cases, name, 'bundle.sigstore.json')));
}

export function readConformanceCase(name: string): ConformanceCase {
  const own = (file: string): string => resolve(cases, name, file);
  const read = (file: string, fallback: string): Uint8Array =>
    readFileSync(existsSync(own(file)) ? own(file) : fallback);
  const text = (file: string, fallback: string): string =>
    existsSync(own(file)) ? readFileSync(own(file), 'utf8').trim() : fallback;
  return {
    bundle: readFileSync(own('bundle.sigstore.json')),
    artifact: read('artifact', resolve(cases, 'a.txt')),
    trustedRoot: read('trusted_root.json', publicGood),
    policy: existsSync(own('key.pub'))
      ? { key: readFileSync(own('key.pub'), 'utf8') }
      : { identity: text('identity', IDENTITY), issuer: text('issuer', ISSUER) },
  };
}

/** @param by whether the verifier has the artifact itself or its digest */
export function artifactBy(by: 'path' | 'digest', content: Uint8Array): Artifact {
  const digest = { algorithm: 'sha256', digest: sha256(content) } as const;
  return by === 'path' ? { ...digest, content } : digest;
}
