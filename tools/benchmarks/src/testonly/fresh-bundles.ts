import { serializeBundle, type Bundle } from '@sigstead/bundle';
import { sha256 } from '@sigstead/crypto';
import { decodeHex, encodeUtf8 } from '@sigstead/encoding';
import { serializeTrustedRoot } from '@sigstead/trust';
import { IMAGE_SIGNATURE_TYPE } from '@sigstead/verification';
import { signArtifact, signStatement, statementAbout } from '@sigstead/verification/testonly/bundles';
import { IDENTITY, ISSUER, MiniSigstore, NOW } from '@sigstead/verification/testonly/mini-sigstore';

/** What a bundle is made of, as a reader of the figures would say it. */
export const BUNDLE_SHAPES = [
  'message, Rekor v1',
  'message, Rekor v2 + timestamp',
  'DSSE, Rekor v1',
  'DSSE, Rekor v2 + timestamp',
] as const;

export type BundleShape = (typeof BUNDLE_SHAPES)[number];

export interface FreshBundle {
  readonly json: string;
  readonly artifact: Uint8Array;
}

export interface FreshBundles {
  /** JSON of the trusted root they all verify by. */
  readonly trustedRoot: string;
  readonly identity: string;
  readonly issuer: string;
  readonly now: Date;
  /** A bundle for an image, as cosign 3 makes it. @param digest `sha256:<hex>` of its manifest */
  readonly signImage: (digest: string) => Promise<string>;
  readonly byShape: ReadonlyMap<BundleShape, readonly FreshBundle[]>;
}

const ARTIFACT_BYTES = 10_000;

/**
 * Bundles v0.3 as the public instance makes them: P-384 authorities, P-256 keys and logs, an embedded SCT, a certificate of its own in each.
 * None is like another, so that nothing about a signature can be remembered from one to the next.
 */
export async function makeFreshBundles(count: number): Promise<FreshBundles> {
  const sigstore = await MiniSigstore.create();
  const byShape = new Map<BundleShape, readonly FreshBundle[]>();
  for (const shape of BUNDLE_SHAPES) {
    const bundles: FreshBundle[] = [];
    for (let at = 0; at < count; at++) bundles.push(await makeBundle(sigstore, shape, at));
    byShape.set(shape, bundles);
  }
  const trustedRoot = serializeTrustedRoot(sigstore.trustedRoot);
  const signImage = async (digest: string): Promise<string> => {
    const about = statementAbout(decodeHex(digest.slice('sha256:'.length)), IMAGE_SIGNATURE_TYPE);
    return serializeBundle(await signStatement(sigstore, about));
  };
  return { trustedRoot, identity: IDENTITY, issuer: ISSUER, now: NOW, signImage, byShape };
}

async function makeBundle(sigstore: MiniSigstore, shape: BundleShape, at: number): Promise<FreshBundle> {
  const artifact = encodeUtf8(`artifact ${at} `.padEnd(ARTIFACT_BYTES, '.'));
  const log = shape.includes('Rekor v2') ? 'rekor-v2' : 'rekor-v1';
  const bundle: Bundle = shape.startsWith('DSSE')
    ? await signStatement(sigstore, statementAbout(sha256(artifact)), { log })
    : await signArtifact(sigstore, artifact, { log });
  return { json: serializeBundle(bundle), artifact };
}
