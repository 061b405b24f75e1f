import type { Bundle, BundleContent, TransparencyLogEntry } from '@sigstead/bundle';
import { defaultHash, digest, keyDetailsOf, PrivateKeySigner, type Signer } from '@sigstead/crypto';
import {
  canonicalizeJson,
  encodeBase64,
  encodeHex,
  encodePem,
  encodeUtf8,
  type JsonValue,
} from '@sigstead/encoding';
import {
  canonicalHashedRekord,
  canonicalHashedRekordV002,
  parseProposedEntry,
  parseX509Verifier,
  preAuthEncoding,
} from '@sigstead/tlog';
import { IN_TOTO_PAYLOAD_TYPE } from '../statement.ts';
import { SIGNED, type MiniSigstore, type SigningOptions } from './mini-sigstore.ts';

/** How a bundle is to be made. Unless told: keyless, logged by Rekor v1, without timestamp; by Rekor v2 with one. */
export interface BundleOptions extends SigningOptions {
  readonly log?: 'rekor-v1' | 'rekor-v2';
  /** Kind of the Rekor v1 entry of an envelope. */
  readonly kind?: 'dsse 0.0.1' | 'intoto 0.0.1' | 'intoto 0.0.2';
  /** Whether there is a timestamp. */
  readonly timestamped?: boolean;
  /** A bare key instead of a certificate. */
  readonly managedKey?: boolean;
}

/** Bundle v0.3 of a signature over an artifact. */
export async function signArtifact(
  sigstore: MiniSigstore,
  artifact: Uint8Array,
  options: BundleOptions = {},
): Promise<Bundle> {
  const signer = options.signer ?? PrivateKeySigner.generate('P-256');
  const hash = defaultHash(signer.publicKey.type);
  const signature = await signer.sign(artifact);
  const content = {
    kind: 'messageSignature',
    digestAlgorithm: hash,
    digest: digest(hash, artifact),
    signature,
  } as const;
  return finish(sigstore, content, signer, artifact, options);
}

/** Bundle v0.3 of an in-toto statement in an envelope. */
export async function signStatement(
  sigstore: MiniSigstore,
  statement: JsonValue,
  options: BundleOptions = {},
): Promise<Bundle> {
  const signer = options.signer ?? PrivateKeySigner.generate('P-256');
  const payload = encodeUtf8(JSON.stringify(statement));
  const message = preAuthEncoding(IN_TOTO_PAYLOAD_TYPE, payload);
  const signature = await signer.sign(message);
  const content = {
    kind: 'dsse',
    payloadType: IN_TOTO_PAYLOAD_TYPE,
    payload,
    signatures: [{ signature, keyId: '' }],
  } as const;
  return finish(sigstore, content, signer, message, options);
}

/** A statement about one artifact, by its SHA-256. */
export function statementAbout(
  sha256: Uint8Array,
  predicateType = 'https://slsa.dev/provenance/v1',
): JsonValue {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'app', digest: { sha256: encodeHex(sha256) } }],
    predicateType,
    predicate: { buildDefinition: { buildType: 'https://sigstead.test/build/v1' } },
  };
}

async function finish(
  sigstore: MiniSigstore,
  content: BundleContent,
  signer: Signer,
  message: Uint8Array,
  options: BundleOptions,
): Promise<Bundle> {
  const isV2 = options.log === 'rekor-v2';
  const signature = content.kind === 'dsse' ? content.signatures[0]?.signature : content.signature;
  if (signature === undefined) throw new Error('no signature');
  const certificate = options.managedKey ? undefined : await sigstore.issue(signer.publicKey, options);
  const pem = certificate === undefined ? signer.publicKey.toPem() : encodePem('CERTIFICATE', certificate);
  const at = options.integratedAt ?? SIGNED;
  let entry: TransparencyLogEntry;
  if (isV2) {
    const hash = defaultHash(signer.publicKey.type);
    entry = await sigstore.logV2.add(
      canonicalHashedRekordV002({
        algorithm: { name: keyDetailsOf(signer.publicKey), hash },
        digest: digest(hash, message),
        signature,
        verifier:
          certificate === undefined
            ? { form: 'publicKey', rawBytes: signer.publicKey.spki }
            : { form: 'x509Certificate', rawBytes: certificate },
      }),
    );
  } else {
    entry = await sigstore.log.add(rekorV1Body(content, signature, message, pem, options), at);
  }
  const timestamped = options.timestamped ?? isV2;
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    version: '0.3',
    verificationMaterial: {
      key:
        certificate === undefined
          ? { kind: 'publicKey', hint: encodeBase64(signer.publicKey.keyId) }
          : { kind: 'certificate', certificates: [certificate] },
      tlogEntries: [entry],
      rfc3161Timestamps: timestamped ? [await sigstore.timestampAuthority.timestamp(signature, at)] : [],
    },
    content,
  };
}

function rekorV1Body(
  content: BundleContent,
  signature: Uint8Array,
  message: Uint8Array,
  pem: string,
  { kind = 'dsse 0.0.1' }: BundleOptions,
): Uint8Array {
  if (content.kind === 'messageSignature') {
    return canonicalHashedRekord({
      hash: {
        algorithm: content.digestAlgorithm,
        value: encodeHex(digest(content.digestAlgorithm, message)),
      },
      signature,
      verifier: parseX509Verifier(pem),
    });
  }
  const envelope = {
    payloadType: content.payloadType,
    payload: encodeBase64(content.payload),
    signatures: [{ sig: encodeBase64(signature) }],
  };
  const text = JSON.stringify(envelope);
  const verifier = encodeBase64(encodeUtf8(pem));
  const again = (base64: string): string => encodeBase64(encodeUtf8(base64));
  const specs: Record<NonNullable<BundleOptions['kind']>, JsonValue> = {
    'dsse 0.0.1': { proposedContent: { envelope: text, verifiers: [verifier] } },
    'intoto 0.0.1': { content: { envelope: text }, publicKey: verifier },
    'intoto 0.0.2': {
      content: {
        envelope: {
          payloadType: content.payloadType,
          payload: again(envelope.payload),
          signatures: [{ sig: again(encodeBase64(signature)), publicKey: verifier }],
        },
        hash: { algorithm: 'sha256', value: encodeHex(digest('sha256', encodeUtf8(text))) },
      },
    },
  };
  const [name, apiVersion] = kind.split(' ') as [string, string];
  const proposed = encodeUtf8(canonicalizeJson({ kind: name, apiVersion, spec: specs[kind] }));
  return parseProposedEntry(proposed, { maxBytes: 1 << 20 }).entry.canonicalBody();
}
