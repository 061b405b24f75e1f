import { type KeyParameters, type PublicKey, sha256 } from '@sigstead/crypto';
import { concatBytes, decodeHex, encodeBase64, encodeUtf8 } from '@sigstead/encoding';

const COORDINATE_SIZES = { 'P-256': 32, 'P-384': 48, 'P-521': 66 } as const;

/** Fingerprint as OpenSSH prints it: `SHA256:` and unpadded base64 over the key in SSH's wire form (RFC 4253 section 6.6, RFC 5656, RFC 8709). */
export function sshFingerprint(key: PublicKey): string {
  return `SHA256:${encodeBase64(sha256(sshEncoding(key.parameters))).replace(/=+$/, '')}`;
}

function sshEncoding(parameters: KeyParameters): Uint8Array {
  switch (parameters.type) {
    case 'RSA':
      return fields(encodeUtf8('ssh-rsa'), mpint(parameters.e), mpint(parameters.n));
    case 'Ed25519':
      return fields(encodeUtf8('ssh-ed25519'), parameters.point);
    default: {
      const curve = `nist${parameters.type.replace('-', '').toLowerCase()}`;
      const size = COORDINATE_SIZES[parameters.type];
      const point = concatBytes(Uint8Array.of(4), unsigned(parameters.x, size), unsigned(parameters.y, size));
      return fields(encodeUtf8(`ecdsa-sha2-${curve}`), encodeUtf8(curve), point);
    }
  }
}

/** RFC 4251 section 5: each with its length in 4 bytes before it. */
function fields(...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(
    ...parts.flatMap((part) => {
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, part.length);
      return [length, part];
    }),
  );
}

/** RFC 4251 section 5: the shortest form, with a zero byte where the number would look negative. */
function mpint(value: bigint): Uint8Array {
  const digits = value.toString(16);
  const bytes = decodeHex(digits.length % 2 === 0 ? digits : `0${digits}`);
  return (bytes[0] ?? 0) & 0x80 ? concatBytes(Uint8Array.of(0), bytes) : bytes;
}

function unsigned(value: bigint, size: number): Uint8Array {
  return decodeHex(value.toString(16).padStart(2 * size, '0'));
}
