import { describe, expect, it } from '@jest/globals';
import {
  CLIENT_TRUST_CONFIG_MEDIA_TYPE,
  parseClientTrustConfig,
  serializeClientTrustConfig,
} from './client-trust-config.ts';
import { authority, log, SIGNING_CONFIG } from './testonly/material.ts';
import { refusal } from './testonly/refusal.ts';

describe('client trust config', () => {
  it('survives its JSON', async () => {
    const trustedRoot = {
      tlogs: [log('P-256', 'PKIX_ECDSA_P256_SHA_256')],
      ctlogs: [],
      certificateAuthorities: [await authority('ca')],
      timestampAuthorities: [],
    };
    const json = serializeClientTrustConfig({ trustedRoot, signingConfig: SIGNING_CONFIG });
    const parsed = parseClientTrustConfig(json);
    expect(parsed.signingConfig).toEqual(SIGNING_CONFIG);
    expect(serializeClientTrustConfig(parsed)).toBe(json);
  });

  it('is refused with the path of what is wrong', () => {
    const mediaType = CLIENT_TRUST_CONFIG_MEDIA_TYPE;
    expect(refusal(() => parseClientTrustConfig('{}'))).toBe('MEDIA_TYPE mediaType');
    expect(refusal(() => parseClientTrustConfig(JSON.stringify({ mediaType })))).toBe(
      'MISSING_FIELD trustedRoot',
    );
    expect(refusal(() => parseClientTrustConfig(JSON.stringify({ mediaType, trustedRoot: {} })))).toBe(
      'MEDIA_TYPE trustedRoot.mediaType',
    );
    expect(refusal(() => parseClientTrustConfig(JSON.stringify({ mediaType, extra: 1 })))).toBe(
      'UNKNOWN_FIELD extra',
    );
  });
});
