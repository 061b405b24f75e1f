import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { IssuanceError } from '../issuance-error.ts';
import { encodeRequest, messages } from '../testonly/grpc-client.ts';
import { decodeSigningRequest, encodeConfiguration } from './fulcio-messages.ts';
import { protobufField, protobufNumber, ProtobufReader } from './protobuf.ts';

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof IssuanceError && error.code === 'REQUEST') return error.message;
    throw error;
  }
  return 'accepted';
}

const decode = (...octets: number[]): unknown => decodeSigningRequest(Uint8Array.from(octets), '');
const text = fc.string({ unit: 'binary' });
const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });

describe('a signing request in protobuf', () => {
  it('is read as protobufjs writes it, by key', () => {
    fc.assert(
      fc.property(text, text, bytes, fc.nat(3), (token, content, proof, algorithm) => {
        const sent = encodeRequest({
          credentials: { oidcIdentityToken: token },
          publicKeyRequest: { publicKey: { algorithm, content }, proofOfPossession: proof },
        });
        expect(decodeSigningRequest(sent, 'of the metadata')).toEqual({
          token: token === '' ? 'of the metadata' : token,
          key: {
            kind: 'public-key',
            content: new TextEncoder().encode(content),
            proofOfPossession: Uint8Array.from(proof),
          },
        });
      }),
    );
  });

  it('is read as protobufjs writes it, by signing request', () => {
    fc.assert(
      fc.property(text, bytes, (token, content) => {
        const sent = encodeRequest({
          credentials: { oidcIdentityToken: token },
          certificateSigningRequest: content,
        });
        expect(decodeSigningRequest(sent, '')).toEqual({
          token,
          key: { kind: 'certificate-signing-request', content: Uint8Array.from(content) },
        });
      }),
    );
  });

  it('is empty when the message is', () => {
    expect(decode()).toEqual({
      token: '',
      key: { kind: 'public-key', content: new Uint8Array(), proofOfPossession: new Uint8Array() },
    });
  });

  it('may have fields nobody knows yet, of every type', () => {
    const unknown = [
      0xa0, 6, 0xff, 0xff, 3, 0xa1, 6, 1, 2, 3, 4, 5, 6, 7, 8, 0xa2, 6, 1, 0, 0xa5, 6, 1, 2, 3, 4,
    ];
    const known = encodeRequest({ credentials: { oidcIdentityToken: 'token' } });
    expect(decode(...unknown, ...known)).toMatchObject({ token: 'token' });
  });

  it('merges messages given in parts, and takes the last of two texts', () => {
    const first = encodeRequest({
      credentials: { oidcIdentityToken: 'first' },
      publicKeyRequest: { publicKey: { content: 'key' } },
    });
    const second = encodeRequest({
      credentials: { oidcIdentityToken: 'second' },
      publicKeyRequest: { proofOfPossession: Uint8Array.of(7) },
    });
    expect(decode(...first, ...second)).toMatchObject({
      token: 'second',
      key: { content: new TextEncoder().encode('key'), proofOfPossession: Uint8Array.of(7) },
    });
  });

  it.each<[string, number[], RegExp]>([
    ['ends within a key', [0x80], /^request: malformed protobuf: it ends within a number$/],
    ['ends within a length', [0x0a, 0x80], /it ends within a number$/],
    ['ends within a value', [0x0a, 5, 0x0a], /5 octets announced, 1 left$/],
    ['ends within a fixed number', [0xa5, 6, 1, 2], /4 octets announced, 2 left$/],
    [
      'announces more than there can be',
      [0x0a, ...Array<number>(9).fill(0xff), 1],
      /octets announced, 0 left$/,
    ],
    ['has a number without end', Array<number>(11).fill(0xff), /a number has more than ten octets$/],
    ['has a field number zero', [0x02, 0], /field number 0$/],
    ['has a field number beyond 2^29', [0x82, 0x80, 0x80, 0x80, 0x10, 0], /field number 536870912$/],
    ['has a group', [0x0b, 0x0c], /wire type 3$/],
    ['has a wire type that does not exist', [0x0f], /wire type 7$/],
    ['has a number where a message belongs', [0x08, 1], /^credentials: wire type 0, want 2$/],
    ['has a token that is no UTF-8', [0x0a, 3, 0x0a, 1, 0xff], /^credentials\.oidc_identity_token: .*UTF-8/],
    [
      'has a malformed message inside',
      [0x12, 2, 0x0a, 9],
      /^public_key_request: malformed protobuf: 9 octets announced, 0 left$/,
    ],
    ['has a key and a signing request', [0x12, 0, 0x1a, 0], /exclude each other$/],
    ['has fields without end', Array<number[]>(101).fill([0x78, 0]).flat(), /more than 100 fields$/],
  ])('is refused when it %s', (_name, octets, message) => {
    expect(refusal(() => decode(...octets))).toMatch(message);
  });

  it('is read or refused, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        refusal(() => decodeSigningRequest(octets, ''));
      }),
      { numRuns: 2000 },
    );
  });

  it('is read or refused when cut short or changed in one octet', () => {
    const sent = encodeRequest({
      credentials: { oidcIdentityToken: 'a.b.c' },
      publicKeyRequest: {
        publicKey: { algorithm: 2, content: 'PEM' },
        proofOfPossession: Uint8Array.of(1, 2, 3),
      },
    });
    for (let length = 1; length < sent.length; length++)
      refusal(() => decodeSigningRequest(sent.subarray(0, length), ''));
    fc.assert(
      fc.property(fc.nat(sent.length - 1), fc.nat(255), (at, octet) => {
        const changed = Uint8Array.from(sent);
        changed[at] = octet;
        refusal(() => decodeSigningRequest(changed, ''));
      }),
    );
  });
});

describe('written fields', () => {
  it('are read by protobufjs, whatever their length', () => {
    const type = messages.lookupType('PublicKeyRequest');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40_000 }), (content) => {
        const read = type.toObject(type.decode(protobufField(2, content)));
        expect(Uint8Array.from(read['proofOfPossession'])).toEqual(content);
      }),
    );
  });

  it('are read by our own reader', () => {
    const written = [
      protobufField(15, 'naïve'),
      protobufField(16, Uint8Array.of(1)),
      protobufNumber(2048, 300),
    ];
    const reader = new ProtobufReader(Uint8Array.from(written.flatMap((field) => [...field])), 'x');
    expect([reader.string(15, 'a'), reader.bytes(16, 'b'), reader.has(2048)]).toEqual([
      'naïve',
      Uint8Array.of(1),
      true,
    ]);
  });

  it('describe issuers by every field', () => {
    const issuers = [
      {
        issuerUrl: 'https://one.example',
        audience: 'sigstore',
        challengeClaim: 'sub',
        spiffeTrustDomain: 'example.com',
        issuerType: 'spiffe',
        subjectDomain: 'https://example.com',
        skipEmailVerification: true,
      },
      {
        wildcardIssuerUrl: 'https://*.example',
        audience: 'sigstore',
        skipEmailVerification: false,
        subjectDomain: '',
      },
    ];
    const type = messages.lookupType('Configuration');
    expect(type.toObject(type.decode(encodeConfiguration(issuers)))).toEqual({
      issuers: [issuers[0], { wildcardIssuerUrl: 'https://*.example', audience: 'sigstore' }],
    });
  });

  it('are not made for names outside the message', () => {
    expect(() => encodeConfiguration([{ issuer_url: 'x' }])).toThrow('OIDCIssuer has no field issuer_url');
  });
});
