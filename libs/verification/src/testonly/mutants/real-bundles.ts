import type { Bundle } from '@sigstead/bundle';
import { decodeUtf8, type JsonObject } from '@sigstead/encoding';
import { parseTrustedRoot } from '@sigstead/trust';
import { compilePolicy } from '../../policy.ts';
import { verifyBundle } from '../../verify-bundle.ts';
import type { SignatureVerdict } from '../../verify-signature.ts';
import { artifactBy, CONFORMANCE_NOW, conformanceCases, readConformanceCase } from '../conformance.ts';

/** Bundles that other clients made with public and private instances: of each log and form one. */
const REAL = [
  'happy-path-intoto-in-dsse-v3',
  'rekor2-checkpoint-two-sigs-cosigned',
  'happy-path-v0.1',
  'intoto-with-custom-trust-root',
  'managed-key-happy-path',
  'rekor2-dsse-happy-path',
  'rekor2-timestamp-with-embedded-cert',
];

/** Their names, none without the vectors. */
export function realBundles(): string[] {
  const present = conformanceCases();
  return REAL.filter((name) => present.includes(name));
}

export function readRealBundle(name: string): { json: JsonObject; judge(bundle: Bundle): SignatureVerdict } {
  const { bundle, artifact, trustedRoot, policy } = readConformanceCase(name);
  const given = [artifactBy('path', artifact), parseTrustedRoot(trustedRoot), compilePolicy(policy)] as const;
  return {
    json: JSON.parse(decodeUtf8(bundle)) as JsonObject,
    judge: (mutant) => verifyBundle(mutant, ...given, CONFORMANCE_NOW),
  };
}
