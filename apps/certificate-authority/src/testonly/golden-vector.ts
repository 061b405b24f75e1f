import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { env } from 'node:process';
import { PrivateKeySigner, PublicKey } from '@sigstead/crypto';
import {
  IssuerPool,
  parseIssuerConfiguration,
  principalOf,
  verifyToken,
  type Principal,
} from '@sigstead/oidc';
import {
  Certificate,
  encodeLeafTbs,
  oids,
  POISON_EXTENSION,
  signTbs,
  type LeafProfile,
} from '@sigstead/x509';
import { CompactSign, exportJWK, generateKeyPair } from 'jose';

const REPOSITORY = join(import.meta.dirname, '../../../..');
const VECTORS = join(REPOSITORY, 'vectors/certificates');
const PUBLIC_CONFIGURATION = join(
  resolve(env['SIGSTEAD_VECTORS'] ?? join(REPOSITORY, '../shared/vectors')),
  'fulcio/config.yaml',
);

/** What Fulcio was asked and what it answered; made by tools/golden-certificates. */
export interface GoldenVector {
  readonly folder: string;
  readonly name: string;
  readonly configuration: { readonly public: true } | { readonly text: string };
  readonly requestedAt: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly payload?: string;
  readonly publicKey: string;
  readonly certificate: string;
  readonly issuingCertificate: string;
  readonly precertificate?: string;
  readonly logKey?: string;
  readonly refusal?: { readonly status?: number; readonly message: string };
}

/** Whether the public instance's configuration, which is no part of the repository, is at hand. */
export const hasPublicConfiguration = existsSync(PUBLIC_CONFIGURATION);

export const goldenFolders: readonly string[] = readdirSync(VECTORS).sort();

export function goldenVectors(folder: string): GoldenVector[] {
  return readdirSync(join(VECTORS, folder))
    .sort()
    .map((file) => ({ folder, ...JSON.parse(readFileSync(join(VECTORS, folder, file), 'utf8')) }));
}

const tokenKeys = await generateKeyPair('RS256');
const jwks = {
  keys: [{ ...(await exportJWK(tokenKeys.publicKey)), kid: 'golden', alg: 'RS256', use: 'sig' }],
};

/**
 * The principal our code makes of the vector's token, verified as ever: only that the keys are another issuer's.
 *
 * @throws OidcError
 */
export async function principalOfVector(vector: GoldenVector): Promise<Principal> {
  const now = new Date(vector.requestedAt);
  const configuration = parseIssuerConfiguration(configurationText(vector));
  const pool = new IssuerPool(configuration, { fetch: issuerOf(vector), clock: () => now });
  const payload = vector.payload ?? JSON.stringify(vector.claims);
  const token = await new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg: 'RS256', kid: 'golden', typ: 'JWT' })
    .sign(tokenKeys.privateKey);
  return principalOf(await verifyToken(token, pool, now));
}

export function configurationText({ configuration }: Pick<GoldenVector, 'configuration'>): string {
  return 'text' in configuration ? configuration.text : readFileSync(PUBLIC_CONFIGURATION, 'utf8');
}

/** Discovery and keys, for whatever issuer the token names. */
function issuerOf({ claims }: GoldenVector): (url: string) => Promise<Response> {
  const issuer = String(claims['iss']);
  const keys = `${issuer.replace(/\/$/, '')}/.well-known/jwks`;
  const discovery = { issuer, jwks_uri: keys, id_token_signing_alg_values_supported: ['RS256'] };
  return async (url) => Response.json(url === keys ? jwks : discovery);
}

/** What our certificate would say, with the serial number, validity and key of Fulcio's. */
export function profileOfVector(vector: GoldenVector, principal: Principal): LeafProfile {
  const theirs = Certificate.fromPem(vector.certificate);
  return {
    serialNumber: theirs.serialNumber,
    issuer: Certificate.fromPem(vector.issuingCertificate),
    notBefore: theirs.notBefore,
    notAfter: theirs.notAfter,
    publicKey: PublicKey.fromPem(vector.publicKey),
    subjectAlternativeName: principal.subjectAlternativeName,
    claims: principal.claims,
  };
}

/** Our TBSCertificate without poison and timestamps, which Fulcio issues when it has no log. */
export async function tbsWithoutLog(profile: LeafProfile): Promise<Uint8Array> {
  const signer = PrivateKeySigner.generate(profile.issuer.publicKey.type);
  const precertificate = Certificate.parse(await signTbs(encodeLeafTbs(profile, POISON_EXTENSION), signer));
  return precertificate.tbsWithout(oids.precertificatePoison);
}
