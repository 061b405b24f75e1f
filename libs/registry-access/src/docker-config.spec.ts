import { describe, expect, it } from '@jest/globals';
import { OciError } from '@sigstead/oci';
import { helperFor, parseDockerConfig, storedCredentials } from './docker-config.ts';

const auth = (text: string) => Buffer.from(text).toString('base64');
const config = (json: object) => parseDockerConfig(JSON.stringify(json), 'config.json');
const stored = (auths: object, registry: string, repository = 'team/app') =>
  storedCredentials(config({ auths }), registry, repository);
const alice = { username: 'alice', password: 'won:derland' };

describe('storedCredentials', () => {
  it.each([
    ['a user and password', { auth: auth('alice:won:derland') }, alice],
    ['zero bytes after them', { auth: auth('alice:won:derland\0\0') }, alice],
    ['both in plain text', { username: 'alice', password: 'won:derland' }, alice],
    ['an identity token', { auth: auth('alice:x'), identitytoken: 'refresh' }, { identityToken: 'refresh' }],
    ['an identity token as a password', { auth: auth('<token>:refresh') }, { identityToken: 'refresh' }],
    ['a bearer token', { registrytoken: 'bearer', identitytoken: 'x' }, { token: 'bearer' }],
    ['nothing', {}, undefined],
    ['half of it', { username: 'alice' }, undefined],
    ['empty texts', { auth: '', identitytoken: '', username: '', password: '' }, undefined],
    ['no object', 'alice', undefined],
  ])('reads %s', (_name, entry, expected) => {
    expect(stored({ 'ghcr.io': entry }, 'ghcr.io')).toEqual(expected);
  });

  const entry = { auth: auth('alice:won:derland') };

  it.each([
    ['ghcr.io', 'ghcr.io'],
    ['https://ghcr.io', 'ghcr.io'],
    ['http://ghcr.io/', 'ghcr.io'],
    ['HTTPS://GHCR.io/v2/', 'ghcr.io'],
    ['ghcr.io/v1', 'ghcr.io'],
    ['localhost:5000', 'localhost:5000'],
    ['[::1]:5000', '[::1]:5000'],
    ['https://index.docker.io/v1/', 'docker.io'],
    ['index.docker.io', 'docker.io'],
    ['docker.io', 'docker.io'],
    ['registry-1.docker.io', 'docker.io'],
    ['ghcr.io/team', 'ghcr.io'],
    ['ghcr.io/team/app', 'ghcr.io'],
  ])('finds under %s what is for %s', (key, registry) => {
    expect(stored({ [key]: entry }, registry)).toEqual(alice);
  });

  it.each([
    ['ghcr.io', 'ghcr.io.evil.example'],
    ['ghcr.io.evil.example', 'ghcr.io'],
    ['evil-ghcr.io', 'ghcr.io'],
    ['ghcr.io', 'xghcr.io'],
    ['ghcr.io', 'io'],
    ['ghcr.io', 'ghcr.io:443'],
    ['ghcr.io:8443', 'ghcr.io'],
    ['localhost:5000', 'localhost:5001'],
    ['localhost:5000', 'localhost'],
    ['https://ghcr.io@evil.example', 'ghcr.io'],
    ['https://evil.example/ghcr.io', 'ghcr.io'],
    ['evil.example?ghcr.io', 'ghcr.io'],
    ['docker.io.evil.example', 'docker.io'],
    ['https://index.docker.io/v1/access-token', 'docker.io'],
    ['ghcr.io/other', 'ghcr.io'],
    ['ghcr.io/tea', 'ghcr.io'],
    ['ghcr.io/team/app/more', 'ghcr.io'],
    ['', 'ghcr.io'],
    ['__proto__', 'ghcr.io'],
    ['*.io', 'ghcr.io'],
  ])('never takes %j for %s', (key, registry) => {
    expect(stored({ [key]: entry }, registry)).toBeUndefined();
  });

  it('prefers what is for the repository, and passes empty entries by', () => {
    const team = { username: 'team', password: 'x' };
    const auths = { 'ghcr.io': entry, 'ghcr.io/team': team, 'ghcr.io/team/app': {} };
    expect(stored(auths, 'ghcr.io')).toEqual(team);
    expect(stored(auths, 'ghcr.io', 'teams/app')).toEqual(alice);
  });

  it.each(['!!!', auth('alice'), auth(':password'), Buffer.from([0xff, 0x3a, 0x41]).toString('base64')])(
    'refuses %j without repeating it',
    (text) => {
      const read = () => stored({ 'ghcr.io': { auth: text } }, 'ghcr.io');
      expect(read).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
      expect(read).toThrow('credentials of ghcr.io in config.json cannot be read');
      expect(stored({ 'ghcr.io': { auth: text } }, 'other.example')).toBeUndefined();
    },
  );
});

describe('helperFor', () => {
  it('is the one of the registry, else the one for all', () => {
    const helpers = config({
      credHelpers: { 'ghcr.io': 'gh', 'https://index.docker.io/v1/': 'hub' },
      credsStore: 'pass',
    });
    const found = ['ghcr.io', 'docker.io', 'ghcr.io.evil.example'].map((one) =>
      helperFor(helpers, one, 'app'),
    );
    expect(found).toEqual(['gh', 'hub', 'pass']);
    expect(helperFor(config({ credHelpers: { 'ghcr.io': 7 } }), 'ghcr.io', 'app')).toBeUndefined();
  });
});

describe('parseDockerConfig', () => {
  it.each(['', '{', '[]', '"x"', `{"auths":${'['.repeat(50_000)}`, `"${'x'.repeat(1024 * 1024)}"`])(
    'refuses what is none (%#) without repeating it',
    (text) => {
      try {
        parseDockerConfig(text, 'config.json');
      } catch (error) {
        expect(error).toBeInstanceOf(OciError);
        expect((error as OciError).code).toBe('MALFORMED');
        expect((error as OciError).message).toMatch(/^config\.json /);
        expect((error as OciError).message.length).toBeLessThan(200);
        return;
      }
      throw new Error('was taken');
    },
  );

  it('takes sections of other shapes for empty ones', () => {
    const { auths, credHelpers, credsStore } = config({ auths: [], credHelpers: 'x', credsStore: 7 });
    expect([auths, credHelpers, credsStore]).toEqual([{}, {}, undefined]);
  });
});
