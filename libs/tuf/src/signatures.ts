import { decodeHex, encodeBase64Url, encodeHex, EncodingError } from '@sigstead/encoding';
import { KeyError, PublicKey, type KeyType } from '@sigstead/crypto';
import { Key, type Metadata, type Root } from '@tufjs/models';
import { TufError } from './errors.ts';
import type { Role, RoleMetadata } from './metadata.ts';
import { own } from './own.ts';

/**
 * Whether enough keys of a role have signed (section 5, "signed by a threshold of keys"). Keys are counted by what they are
 * and not by what they are called: one key under two names is one signer.
 *
 * @param root names keys and thresholds
 * @throws TufError SIGNATURES
 */
export function assertSigned<R extends Role>(root: Metadata<Root>, role: R, metadata: RoleMetadata[R]): void {
  const { keyIDs, threshold } = own(root.signed.roles, role) ?? { keyIDs: [], threshold: Infinity };
  const signers = new Set<string>();
  for (const keyId of keyIDs) {
    const key = soundKey(own(root.signed.keys, keyId));
    if (key !== undefined && own(metadata.signatures, keyId) !== undefined && isSignedBy(metadata, key.key))
      signers.add(key.identity);
  }
  if (signers.size >= threshold) return;
  throw new TufError(
    'SIGNATURES',
    `${role}.json of version ${metadata.signed.version} is signed by ${signers.size} keys of its role, want ${threshold}`,
  );
}

/** A key as the models take it, but with a text of our own: node:crypto never sees one that has not passed the gate. */
function soundKey(key: Key | undefined): { readonly key: Key; readonly identity: string } | undefined {
  const { public: text } = key?.keyVal ?? {};
  if (key === undefined || text === undefined) return undefined;
  try {
    const sound = parseKey(key.keyType, text);
    const { keyID, keyType, scheme } = key;
    const keyVal = { public: sound.toPem() };
    return { key: new Key({ keyID, keyType, scheme, keyVal }), identity: encodeHex(sound.keyId) };
  } catch (cause) {
    // A key that cannot be used signs nothing; other keys may be enough (section 4.3 leaves room for types a client does not know).
    if (cause instanceof KeyError || cause instanceof EncodingError) return undefined;
    throw cause;
  }
}

const KEY_TYPES: Readonly<Record<string, readonly KeyType[]>> = {
  ecdsa: ['P-256', 'P-384'],
  'ecdsa-sha2-nistp256': ['P-256'],
  'ecdsa-sha2-nistp384': ['P-384'],
  ed25519: ['Ed25519'],
  rsa: ['RSA'],
};

/** PEM, or hex of an Ed25519 key or a point of P-256 as older repositories have it. */
function parseKey(keyType: string, text: string): PublicKey {
  const key = text.startsWith('-----BEGIN') ? PublicKey.fromPem(text) : fromHex(keyType, text);
  if (own(KEY_TYPES, keyType)?.includes(key.type) === true) return key;
  throw new KeyError('KEY_UNSUPPORTED', `key of type ${key.type} under another name`);
}

function fromHex(keyType: string, text: string): PublicKey {
  const bytes = decodeHex(text);
  if (keyType === 'ed25519')
    return PublicKey.fromJwk({ kty: 'OKP', crv: 'Ed25519', x: encodeBase64Url(bytes) });
  if (bytes.length !== 65 || bytes[0] !== 4)
    throw new KeyError('KEY_MALFORMED', 'no uncompressed point of P-256');
  const [x, y] = [bytes.subarray(1, 33), bytes.subarray(33)].map(encodeBase64Url);
  return PublicKey.fromJwk({ kty: 'EC', crv: 'P-256', x, y });
}

function isSignedBy(metadata: RoleMetadata[Role], key: Key): boolean {
  try {
    key.verifySignature(metadata);
    return true;
  } catch {
    // The models throw for a wrong signature and for a scheme they do not know.
    return false;
  }
}
