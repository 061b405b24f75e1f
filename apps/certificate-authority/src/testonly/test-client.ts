import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** A client's key and what it sends for it; keys come from OpenSSL, as most clients' do. */
export interface ClientKey {
  readonly pem: string;
  readonly der: Uint8Array;
  readonly privateKey: KeyObject;
  prove(subject: string): string;
}

export function clientKey(kind: string): ClientKey {
  const { publicKey, privateKey } = generate(kind);
  const hash = { 'P-256': 'sha256', 'P-384': 'sha384', 'P-521': 'sha512', Ed25519: null }[kind];
  return {
    pem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    der: publicKey.export({ type: 'spki', format: 'der' }),
    privateKey,
    prove: (subject) =>
      sign(hash === undefined ? 'sha256' : hash, Buffer.from(subject), privateKey).toString('base64'),
  };
}

function generate(kind: string): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === 'Ed25519') return generateKeyPairSync('ed25519');
  if (kind.startsWith('P-') || kind === 'secp256k1') return generateKeyPairSync('ec', { namedCurve: kind });
  return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice('RSA-'.length)) });
}

export interface Answer {
  readonly status: number;
  readonly contentType: string | null;
  readonly text: string;
  readonly json: Record<string, never>;
}

/** One call of the service. */
export async function call(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  const contentType = response.headers.get('content-type');
  const json = contentType?.startsWith('application/json') ? JSON.parse(text) : {};
  return { status: response.status, contentType, text, json };
}
