import { describe, expect, it } from '@jest/globals';
import { concatBytes } from '@sigstead/encoding';
import { findKeyRevocation, findRevocation, isRevoked, type SignerFacts } from './is-revoked.ts';
import { CA, hours, IDENTITY, ISSUER, KEY, listOf, NOW, REVOCATIONS, SERIAL } from './testonly/lists.ts';

const OTHER = new Uint8Array(32).fill(9);
const facts: SignerFacts = {
  serialNumber: SERIAL,
  keyHash: KEY,
  identities: [IDENTITY],
  issuer: ISSUER,
  authorityKeyId: CA,
  signingTime: NOW,
};

describe('a signature counts', () => {
  it('when nothing is revoked', () => {
    expect(isRevoked(listOf(), facts)).toBe(false);
  });

  it.each<[string, keyof typeof REVOCATIONS, Partial<SignerFacts>]>([
    ['another serial number', 'serial', { serialNumber: Uint8Array.of(0x7f, 0, 2) }],
    ['the serial number, but of another authority', 'serial', { authorityKeyId: OTHER }],
    ['another key', 'key', { keyHash: OTHER }],
    ['another identity', 'identity', { identities: [`${IDENTITY}2`] }],
    ['the identity in other letters', 'identity', { identities: [IDENTITY.toUpperCase()] }],
    ['no identity', 'identity', { identities: [] }],
    ['the identity, but of another issuer', 'issuerIdentity', { issuer: 'https://issuer.example' }],
    ['the identity, but of no issuer', 'issuerIdentity', { issuer: undefined }],
    ['another authority', 'authority', { authorityKeyId: OTHER }],
  ])('when its certificate has %s', (_name, kind, changes) => {
    expect(isRevoked(listOf(REVOCATIONS[kind]), { ...facts, ...changes })).toBe(false);
  });

  it.each(Object.entries(REVOCATIONS))('when it was made before the date: %s', (_kind, revocation) => {
    const signingTime = new Date(revocation.from.getTime() - 1);
    expect(isRevoked(listOf(revocation), { ...facts, signingTime })).toBe(false);
  });
});

describe('a signature does not count', () => {
  it.each(Object.entries(REVOCATIONS))('from the date on: %s', (_kind, revocation) => {
    expect(isRevoked(listOf(revocation), { ...facts, signingTime: revocation.from })).toBe(true);
    expect(isRevoked(listOf(revocation), facts)).toBe(true);
  });

  it('when the serial number is written with leading zeros', () => {
    const serialNumber = concatBytes(Uint8Array.of(0, 0), SERIAL);
    expect(isRevoked(listOf(REVOCATIONS.serial), { ...facts, serialNumber })).toBe(true);
  });

  it('when one of several identities is revoked', () => {
    const identities = ['mailto:a@example.com', IDENTITY];
    expect(isRevoked(listOf(REVOCATIONS.identity), { ...facts, identities })).toBe(true);
  });

  it('whatever the issuer, when only the identity is revoked', () => {
    expect(isRevoked(listOf(REVOCATIONS.identity), { ...facts, issuer: undefined })).toBe(true);
  });

  it('when one of several revocations of the same thing began early enough', () => {
    const later = { ...REVOCATIONS.key, from: hours(1) };
    expect(findRevocation(listOf(later, REVOCATIONS.key), facts)).toBe(REVOCATIONS.key);
  });

  it('when it is not known when it was made', () => {
    expect(isRevoked(listOf(REVOCATIONS.key), { ...facts, signingTime: new Date(NaN) })).toBe(true);
  });
});

describe('a key without a certificate', () => {
  const { key, serial } = REVOCATIONS;
  const before = new Date(key.from.getTime() - 1);

  it('counts when nobody revoked it, or when it signed before', () => {
    expect(findKeyRevocation(listOf(key, serial), OTHER, NOW)).toBeUndefined();
    expect(findKeyRevocation(listOf(serial), KEY, NOW)).toBeUndefined();
    expect(findKeyRevocation(listOf(key), KEY, before)).toBeUndefined();
  });

  it('does not count from the date on, nor when it is not known when it signed', () => {
    expect(findKeyRevocation(listOf(serial, key), KEY, key.from)).toBe(key);
    expect(findKeyRevocation(listOf(key), KEY, undefined)).toBe(key);
    expect(findKeyRevocation(listOf(key), KEY, new Date(NaN))).toBe(key);
  });
});
