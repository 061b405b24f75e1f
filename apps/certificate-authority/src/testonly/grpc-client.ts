import { Client, credentials, Metadata, status, type CallOptions, type ServiceError } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

/** Names and numbers of Fulcio's and the health service's messages, read by a foreign implementation of protobuf. */
export const messages = protobuf.parse(`
  syntax = "proto3";
  message CreateSigningCertificateRequest {
    Credentials credentials = 1;
    oneof key {
      PublicKeyRequest public_key_request = 2;
      bytes certificate_signing_request = 3;
    }
  }
  message Credentials { oneof credentials { string oidc_identity_token = 1; } }
  message PublicKeyRequest { PublicKey public_key = 1; bytes proof_of_possession = 2; }
  message PublicKey { PublicKeyAlgorithm algorithm = 1; string content = 2; }
  enum PublicKeyAlgorithm { PUBLIC_KEY_ALGORITHM_UNSPECIFIED = 0; RSA_PSS = 1; ECDSA = 2; ED25519 = 3; }
  message SigningCertificate {
    oneof certificate {
      DetachedSct signed_certificate_detached_sct = 1;
      EmbeddedSct signed_certificate_embedded_sct = 2;
    }
  }
  message DetachedSct { CertificateChain chain = 1; bytes signed_certificate_timestamp = 2; }
  message EmbeddedSct { CertificateChain chain = 1; }
  message CertificateChain { repeated string certificates = 1; }
  message TrustBundle { repeated CertificateChain chains = 1; }
  message Configuration { repeated OIDCIssuer issuers = 1; }
  message OIDCIssuer {
    oneof issuer { string issuer_url = 1; string wildcard_issuer_url = 2; }
    string audience = 3;
    string challenge_claim = 4;
    string spiffe_trust_domain = 5;
    string issuer_type = 6;
    string subject_domain = 7;
    bool skip_email_verification = 8;
  }
  message HealthCheckResponse { int32 status = 1; }
  message Empty {}
`).root;

export const CA = '/dev.sigstore.fulcio.v2.CA';

export interface Outcome {
  readonly code: string;
  readonly details: string;
  /** In protobufjs' object form; empty unless the code is OK. */
  readonly message: Record<string, never>;
}

/** What a foreign client makes of one call. */
export class TestGrpcClient {
  readonly #client: Client;

  constructor(address: string, secure = credentials.createInsecure()) {
    this.#client = new Client(address, secure, { 'grpc.max_send_message_length': -1 });
  }

  /** @param message bytes as they are, or an object for `CreateSigningCertificateRequest` */
  call(
    path: string,
    message: object | Uint8Array,
    metadata: Readonly<Record<string, string | readonly string[]>> = {},
    options: CallOptions & { answer?: string } = {},
  ): Promise<Outcome> {
    const { answer = 'SigningCertificate', ...rest } = options;
    const sent = new Metadata();
    for (const [name, values] of Object.entries(metadata))
      for (const value of [values].flat()) sent.add(name, value as string);
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes) => bytes,
        message instanceof Uint8Array ? message : encodeRequest(message),
        sent,
        rest,
        (error: ServiceError | null, value: Buffer | undefined) =>
          resolve({
            code: status[error?.code ?? status.OK] as string,
            details: error?.details ?? '',
            message: value === undefined ? {} : (decode(answer, value) as Record<string, never>),
          }),
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}

export function encodeRequest(message: object): Uint8Array {
  const type = messages.lookupType('CreateSigningCertificateRequest');
  return type.encode(type.fromObject(message)).finish();
}

function decode(type: string, bytes: Uint8Array): object {
  const found = messages.lookupType(type);
  return found.toObject(found.decode(bytes), { oneofs: false, defaults: false });
}
