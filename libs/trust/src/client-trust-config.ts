import { MessageReader, parseDocument } from './message-reader.ts';
import { readSigningConfig, writeSigningConfig, type SigningConfig } from './signing-config.ts';
import { readTrustedRoot, writeTrustedRoot, type TrustedRoot } from './trusted-root.ts';

export const CLIENT_TRUST_CONFIG_MEDIA_TYPE = 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json';

/** All a client needs in one file (sigstore_trustroot.proto, ClientTrustConfig). */
export interface ClientTrustConfig {
  readonly trustedRoot: TrustedRoot;
  readonly signingConfig: SigningConfig;
}

/**
 * @param json at most 4 MiB
 * @throws TrustError
 */
export function parseClientTrustConfig(json: Uint8Array | string): ClientTrustConfig {
  const message = new MessageReader(parseDocument(json), '', ['mediaType', 'trustedRoot', 'signingConfig']);
  message.assertMediaType(CLIENT_TRUST_CONFIG_MEDIA_TYPE);
  return {
    trustedRoot: readTrustedRoot(message.required('trustedRoot'), 'trustedRoot'),
    signingConfig: readSigningConfig(message.required('signingConfig'), 'signingConfig'),
  };
}

/** JSON of v0.1, indented by two, with a final line feed. */
export function serializeClientTrustConfig({ trustedRoot, signingConfig }: ClientTrustConfig): string {
  const document = {
    mediaType: CLIENT_TRUST_CONFIG_MEDIA_TYPE,
    trustedRoot: writeTrustedRoot(trustedRoot),
    signingConfig: writeSigningConfig(signingConfig),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
