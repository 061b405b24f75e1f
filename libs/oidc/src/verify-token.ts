import type { PublicKey } from '@sigstead/crypto';
import type { JsonObject } from '@sigstead/encoding';
import { compactVerify, errors } from 'jose';
import { acceptedAlgorithms, keyTypeOf } from './algorithms.ts';
import { assertTokenSize, parseCompactToken, type UnverifiedToken } from './compact-token.ts';
import { OidcError, quote } from './errors.ts';
import type { IssuerConfig } from './issuer-config.ts';
import type { IssuerPool, PooledIssuer } from './issuer-pool.ts';
import type { Provider } from './provider.ts';
import { assertAudience, assertNotBefore, assertNotExpired, assertSubject } from './time-and-audience.ts';

/** A token whose signature, issuer, audience and time have been checked. */
export interface VerifiedToken {
  readonly issuer: IssuerConfig;
  readonly subject: string;
  readonly claims: JsonObject;
}

/**
 * Verifies an OpenID Connect identity token (RFC 7519 section 7.2, OpenID Connect Core section 3.1.3.7), in Fulcio's order.
 *
 * @param now when it must be valid
 * @throws OidcError naming the first check that failed
 */
export async function verifyToken(token: string, issuers: IssuerPool, now: Date): Promise<VerifiedToken> {
  assertTokenSize(token);
  const unverified = parseCompactToken(token);
  const algorithm = assertAlgorithm(unverified.header);
  assertNoCriticalHeader(unverified.header);
  const issuer = findIssuer(unverified.claims, issuers);
  const provider = await issuer.provider.current();
  assertAlgorithmListed(algorithm, provider, issuer.config);
  const keys = await findKeys(unverified.header, algorithm, provider, issuer);
  await verifySignature(unverified, algorithm, keys);
  assertAudience(unverified.claims, issuer.config.clientId);
  assertNotExpired(unverified.claims, now);
  assertNotBefore(unverified.claims, now);
  const subject = assertSubject(unverified.claims);
  return { issuer: issuer.config, subject, claims: unverified.claims };
}

/** RFC 8725 section 3.1: the list is ours, whatever the header says. Keys in the header (jwk, jku, x5c, x5u) are never looked at. */
export function assertAlgorithm(header: JsonObject): string {
  const algorithm = header['alg'];
  if (typeof algorithm !== 'string' || keyTypeOf(algorithm) === undefined) {
    throw new OidcError(
      'ALGORITHM',
      `algorithm: the token says ${quote(algorithm)}, want one of ${acceptedAlgorithms.join(', ')}`,
      {
        claim: 'alg',
      },
    );
  }
  return algorithm;
}

/** RFC 7515 section 4.1.11: no extension is understood here, so none may be critical. */
export function assertNoCriticalHeader(header: JsonObject): void {
  if (header['crit'] !== undefined) {
    throw new OidcError('CRITICAL_HEADER', 'header: critical extensions (crit) are not understood', {
      claim: 'crit',
    });
  }
}

export function findIssuer(claims: JsonObject, issuers: IssuerPool): PooledIssuer {
  const iss = claims['iss'];
  const issuer = typeof iss === 'string' ? issuers.find(iss) : undefined;
  if (issuer !== undefined) return issuer;
  const { configuration } = issuers;
  const known = [
    ...configuration.issuers.map(({ issuerUrl }) => issuerUrl),
    ...configuration.metaIssuers.map(({ issuerPattern }) => issuerPattern),
  ];
  const wanted = known.slice(0, 5).map(quote);
  throw new OidcError(
    'ISSUER',
    `issuer: the token is from ${quote(iss)}, want exactly one of ${wanted.join(', ') || 'none configured'}`,
    {
      claim: 'iss',
    },
  );
}

export function assertAlgorithmListed(algorithm: string, provider: Provider, issuer: IssuerConfig): void {
  if (provider.algorithms.has(algorithm)) return;
  const wanted = [...provider.algorithms].join(', ') || 'none that is accepted';
  throw new OidcError(
    'ALGORITHM',
    `algorithm: the token says ${quote(algorithm)}, issuer ${quote(issuer.issuerUrl)} signs with ${wanted}`,
    {
      claim: 'alg',
    },
  );
}

export async function findKeys(
  header: JsonObject,
  algorithm: string,
  provider: Provider,
  issuer: PooledIssuer,
): Promise<PublicKey[]> {
  const kid = header['kid'];
  if (kid !== undefined && typeof kid !== 'string') {
    throw new OidcError('TOKEN_FORMAT', 'token header: kid is not a string', { claim: 'kid' });
  }
  const known = provider.keys.candidates(kid, algorithm);
  if (known.length > 0) return known;
  const fresh = (await issuer.provider.refreshed())?.keys.candidates(kid, algorithm) ?? [];
  if (fresh.length > 0) return fresh;
  throw new OidcError(
    'UNKNOWN_KEY',
    `signing key: the issuer publishes no ${algorithm} key ${kid === undefined ? '' : `with id ${quote(kid)}`}`.trimEnd(),
    {
      claim: 'kid',
    },
  );
}

/** RFC 7515 section 5.2. A token without a key id may be signed by any key of the set. */
export async function verifySignature(
  token: UnverifiedToken,
  algorithm: string,
  keys: readonly PublicKey[],
): Promise<void> {
  for (const key of keys) {
    try {
      await compactVerify(token.compact, key.keyObject, { algorithms: [algorithm] });
      return;
    } catch (cause) {
      if (cause instanceof errors.JWSSignatureVerificationFailed) continue;
      if (!(cause instanceof errors.JOSEError)) throw cause;
      throw new OidcError('TOKEN_FORMAT', 'token: not a JWS of the accepted form', { cause });
    }
  }
  throw new OidcError('SIGNATURE', 'signature: it does not verify with the key the issuer publishes');
}
