import { concatBytes, encodeUtf8 } from '@sigstead/encoding';
import type { Certificate } from '@sigstead/x509';
import { IssuanceError } from '../issuance-error.ts';
import type { PublicKeyRequest, SigningRequest } from '../signing-request.ts';
import { protobufField, protobufNumber, ProtobufReader } from './protobuf.ts';

// package dev.sigstore.fulcio.v2 (fulcio.proto):
//
// message CreateSigningCertificateRequest {
//   Credentials credentials = 1;
//   oneof key { PublicKeyRequest public_key_request = 2; bytes certificate_signing_request = 3; }
// }
// message Credentials { oneof credentials { string oidc_identity_token = 1; } }
// message PublicKeyRequest { PublicKey public_key = 1; bytes proof_of_possession = 2; }
// message PublicKey { PublicKeyAlgorithm algorithm = 1; string content = 2; }

/**
 * `CreateSigningCertificateRequest` in protobuf: the same rules as for its JSON form. The `algorithm` of the key is ignored.
 *
 * @param fallbackToken of the call's metadata; the token in the message comes first
 * @throws IssuanceError REQUEST
 */
export function decodeSigningRequest(message: Uint8Array, fallbackToken: string): SigningRequest {
  const request = new ProtobufReader(message, '');
  const token = request.message(1, 'credentials').string(1, 'oidc_identity_token');
  // Protobuf would take the later one; a request with two meanings gets no certificate.
  if (request.has(2) && request.has(3)) {
    throw new IssuanceError(
      'REQUEST',
      'public_key_request and certificate_signing_request exclude each other',
    );
  }
  const content = request.bytes(3, 'certificate_signing_request');
  return {
    token: token === '' ? fallbackToken : token,
    key: content.length > 0 ? { kind: 'certificate-signing-request', content } : decodeKeyRequest(request),
  };
}

function decodeKeyRequest(request: ProtobufReader): PublicKeyRequest {
  const keyRequest = request.message(2, 'public_key_request');
  return {
    kind: 'public-key',
    content: encodeUtf8(keyRequest.message(1, 'public_key').string(2, 'content')),
    proofOfPossession: keyRequest.bytes(2, 'proof_of_possession'),
  };
}

// message SigningCertificate { oneof certificate {
//   SigningCertificateDetachedSCT signed_certificate_detached_sct = 1;
//   SigningCertificateEmbeddedSCT signed_certificate_embedded_sct = 2;
// } }
// message SigningCertificateEmbeddedSCT { CertificateChain chain = 1; }
// message CertificateChain { repeated string certificates = 1; }

/** `SigningCertificate` with its timestamp inside. @param chain leaf first, root last */
export function encodeSigningCertificate(chain: readonly Certificate[]): Uint8Array {
  // Trimmed here and not in the trust bundle: that is how Fulcio writes them.
  const certificates = encodeChain(chain.map((certificate) => certificate.toPem().trim()));
  return protobufField(2, protobufField(1, certificates));
}

// message TrustBundle { repeated CertificateChain chains = 1; }

export function encodeTrustBundle(chain: readonly Certificate[]): Uint8Array {
  return protobufField(1, encodeChain(chain.map((certificate) => certificate.toPem())));
}

function encodeChain(pems: readonly string[]): Uint8Array {
  return concatBytes(...pems.map((pem) => protobufField(1, pem)));
}

// message Configuration { repeated OIDCIssuer issuers = 1; }
// message OIDCIssuer {
//   oneof issuer { string issuer_url = 1; string wildcard_issuer_url = 2; }
//   string audience = 3; string challenge_claim = 4; string spiffe_trust_domain = 5;
//   string issuer_type = 6; string subject_domain = 7; bool skip_email_verification = 8;
// }

/** By the names of the JSON form. */
const OIDC_ISSUER_FIELDS: ReadonlyMap<string, number> = new Map([
  ['issuerUrl', 1],
  ['wildcardIssuerUrl', 2],
  ['audience', 3],
  ['challengeClaim', 4],
  ['spiffeTrustDomain', 5],
  ['issuerType', 6],
  ['subjectDomain', 7],
  ['skipEmailVerification', 8],
]);

/** @param issuers in their JSON form, as `describeIssuer` writes them */
export function encodeConfiguration(issuers: readonly object[]): Uint8Array {
  return concatBytes(...issuers.map((issuer) => protobufField(1, encodeIssuer(issuer))));
}

function encodeIssuer(issuer: object): Uint8Array {
  const fields = Object.entries(issuer).map(([name, value]: [string, unknown]) => {
    const number = OIDC_ISSUER_FIELDS.get(name);
    if (number === undefined) throw new Error(`OIDCIssuer has no field ${name}`);
    if (typeof value === 'string' && value !== '') return protobufField(number, value);
    return value === true ? protobufNumber(number, 1) : new Uint8Array();
  });
  return concatBytes(...fields);
}
