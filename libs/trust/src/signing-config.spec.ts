import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseJson, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { parseSigningConfig, serializeSigningConfig, SIGNING_CONFIG_MEDIA_TYPE } from './signing-config.ts';
import { SIGNING_CONFIG } from './testonly/material.ts';
import { refusal } from './testonly/refusal.ts';
import { vectorsFolder } from './testonly/vectors.ts';

const publicGood = vectorsFolder('sigstore-public-good');

describe('signing config', () => {
  const document = parseJson(serializeSigningConfig(SIGNING_CONFIG), { maxBytes: 1 << 20 }) as JsonObject;

  it('survives its JSON', () => {
    expect(parseSigningConfig(serializeSigningConfig(SIGNING_CONFIG))).toEqual(SIGNING_CONFIG);
  });

  it('may lack everything but its media type', () => {
    const empty = parseSigningConfig(JSON.stringify({ mediaType: SIGNING_CONFIG_MEDIA_TYPE }));
    expect(empty).toEqual({ caUrls: [], oidcUrls: [], rekorTlogUrls: [], tsaUrls: [] });
    expect(parseSigningConfig(serializeSigningConfig(empty))).toEqual(empty);
  });

  it('takes numbers as text and selectors by number', () => {
    const changed = structuredClone(document);
    Object.assign((changed['caUrls'] as JsonObject[])[0] as JsonObject, { majorApiVersion: '2' });
    changed['tsaConfig'] = { selector: 3, count: '2' };
    const config = parseSigningConfig(JSON.stringify(changed));
    expect(config.caUrls[0]?.majorApiVersion).toBe(2);
    expect(config.tsaConfig).toEqual({ selector: 'EXACT', count: 2 });
  });

  it.each<[string, JsonObject]>([
    ['MEDIA_TYPE mediaType', { mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.1+json' }],
    ['UNKNOWN_FIELD caUrl', { caUrl: 'http://x' }],
    ['FIELD caUrls[0]', { caUrls: ['http://x'] }],
    ['FIELD caUrls[0].url', { caUrls: [{ url: 'x', majorApiVersion: 1 }] }],
    ['FIELD caUrls[0].url', { caUrls: [{ url: 'file:///etc/passwd', majorApiVersion: 1 }] }],
    ['FIELD caUrls[0].majorApiVersion', { caUrls: [{ url: 'http://x' }] }],
    ['FIELD caUrls[0].majorApiVersion', { caUrls: [{ url: 'http://x', majorApiVersion: 1.5 }] }],
    ['FIELD caUrls[0].majorApiVersion', { caUrls: [{ url: 'http://x', majorApiVersion: -1 }] }],
    ['FIELD caUrls[0].majorApiVersion', { caUrls: [{ url: 'http://x', majorApiVersion: '4294967296' }] }],
    [
      'VALIDITY caUrls[0].validFor.start',
      { caUrls: [{ url: 'http://x', majorApiVersion: 1, validFor: { start: 'now' } }] },
    ],
    ['FIELD tsaConfig.selector', { tsaConfig: {} }],
    ['FIELD tsaConfig.selector', { tsaConfig: { selector: 'SERVICE_SELECTOR_UNDEFINED' } }],
    ['FIELD tsaConfig.selector', { tsaConfig: { selector: 0 } }],
    ['FIELD rekorTlogConfig.count', { rekorTlogConfig: { selector: 'EXACT' } }],
  ])('refuses with %s', (want, change) => {
    const changed: Record<string, JsonValue> = { ...document, ...change };
    expect(refusal(() => parseSigningConfig(JSON.stringify(changed)))).toBe(want);
  });
});

if (publicGood === undefined) {
  it.skip('published signing config: no vectors at SIGSTEAD_VECTORS', () => undefined);
} else {
  it('the signing config of the public instance survives', () => {
    const text = readFileSync(join(publicGood, 'signing_config.v0.2.json'), 'utf8');
    const config = parseSigningConfig(text);
    expect(parseSigningConfig(serializeSigningConfig(config))).toEqual(config);
    expect(JSON.parse(serializeSigningConfig(config))).toEqual(JSON.parse(text.replaceAll('.000Z', 'Z')));
  });
}
