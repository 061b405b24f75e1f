import { describe, expect, it } from '@jest/globals';
import { PublicKey } from '@sigstead/crypto';
import { decodeBase64 } from '@sigstead/encoding';
import { sshFingerprint } from './ssh-fingerprint.ts';

/** Public keys as SPKI in base64, with what `ssh-keygen -l` prints of them. */
const KNOWN: readonly (readonly [string, string, string])[] = [
  [
    'P-256',
    'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEGkXpvtDH6ozNUxf3UGAmT/0/Zo2Xn4K4myNrsR3YUvR8T6s5' +
      'ZZjlYbUfm/bt4t+7Oq5PC40ijcu0cQnMU7+USQ==',
    'SHA256:wDHIIGrYnnRqxOlK+mjcuLvyuhJe5vh+Gkx+HtgI6IE',
  ],
  [
    'P-384',
    'MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEH1HD0kKTdHPfNllIb5HpbUU0ZfUiuALkern5tY7bN30O+/J5lMiz' +
      '01g32l82PKc4sP8z0acNtlXgUgBI6NwVH3keHnAyZKvf+u/NVu7McAIAmoEhUjEpoRZKsacTvIww',
    'SHA256:qu3hIuk93EHB6z33GTEhkKqbqei2yOBpPGFp09MzY7k',
  ],
  [
    'P-521',
    'MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBX+7FbpzxUCAuIXBRHZaHHhBqOl7FObr8MRQx5e7roc0r0OY+' +
      '/msHLBm6eYqXXJYus13kFdYcTayUytXJ5IbgtiMAylLcI7VlsqeriWbCal7V6BgqhnfYZCSea071LCsRHrsC' +
      '5zWyxnxjtZJGv/R2wrQHHQ2uZH4YagfZbeNF2q6iItA=',
    'SHA256:d0onywOMf/vA0VejnRr4h9VRLWpsGIx5T45MU4KrSkY',
  ],
  [
    'RSA',
    'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsrSWzU8hOYh2htTzDLrHNib0yy1yp4q81kfaYhi8' +
      'uCjvGq4+e6+esGwprL7eeQSiCO5+OEYPux/2MKhZNTCwdjQIiYDGLycQ875iEYf6G7rnLUtyAsNRhjjJknwV' +
      'bgI4n/l5C0XuxG/JFg5Pc5C7gDhIlHE34zMYxhTyNnNo16l40VH27a39925hkiDKsMC+elcsRejDT2EXhny1' +
      '1KBk9+zYI/PyB+HlF+xx/xTZ1+0hKOheSmTJ2Fu6+0xEQhqwXyiMTmlUNOY01OxLDxST2FyT8JHaB6s2NA2Q' +
      'adUXS2qJkB0UsL5xmB0R+McpUCzmRUwVUmK40PlsFsCk1ir1BQIDAQAB',
    'SHA256:+ogqGZUEvA0OtDvmNne9+y2Kin8TgyXoG9Bf/y1kuu0',
  ],
  [
    'Ed25519',
    'MCowBQYDK2VwAyEAmqkDOUGeiSi1s/e13Kn99/GOYwntR+fScESEJwH5m8A=',
    'SHA256:gVEFelh6aIVUIyhCIEYjXulStyzzkjghGDIV6iky8Zo',
  ],
];

describe('sshFingerprint', () => {
  it.each(KNOWN)('is what ssh-keygen prints of a %s key', (_, spki, fingerprint) => {
    expect(sshFingerprint(PublicKey.fromSpki(decodeBase64(spki)))).toBe(fingerprint);
  });
});
