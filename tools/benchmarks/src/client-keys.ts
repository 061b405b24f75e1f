import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** A client's key and its proof of possession, made before the clock runs. */
export interface ClientKey {
  readonly pem: string;
  readonly privateKey: KeyObject;
  /** Base64 of the signature over the subject. */
  readonly proof: string;
}

export function makeClientKeys(count: number, subject: string): readonly ClientKey[] {
  return Array.from({ length: count }, () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return {
      pem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
      privateKey,
      proof: sign('sha256', Buffer.from(subject), privateKey).toString('base64'),
    };
  });
}
