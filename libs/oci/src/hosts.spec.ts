import { describe, expect, it } from '@jest/globals';
import { isLoopbackHost, mayHoldCredentials } from './hosts.ts';

describe('mayHoldCredentials', () => {
  const hosts = { 'registry.example.com': 'auth.example.com' };

  it.each([
    ['ghcr.io', 'https://ghcr.io/token'],
    ['ghcr.io', 'https://ghcr.io:443/token'],
    ['registry:5000', 'http://registry:5000/token'],
    ['docker.io', 'https://auth.docker.io/token'],
    ['docker.io', 'https://registry-1.docker.io/token'],
    ['registry.gitlab.com', 'https://gitlab.com/jwt/auth'],
    ['registry.example.com', 'https://auth.example.com/token'],
  ])('lets those of %s go to %s', (registry, realm) => {
    expect(mayHoldCredentials(registry, new URL(realm), hosts)).toBe(true);
  });

  it.each([
    ['ghcr.io', 'https://ghcr.io.evil.example/token'],
    ['ghcr.io', 'https://evil-ghcr.io/token'],
    ['ghcr.io', 'https://xghcr.io/token'],
    ['ghcr.io', 'https://token.ghcr.io/'],
    ['ghcr.io', 'https://io/ghcr.io'],
    ['ghcr.io', 'https://evil.example/?ghcr.io'],
    ['ghcr.io', 'https://ghcr.io@evil.example/'],
    ['ghcr.io', 'https://ghcr.io:8443/token'],
    ['ghcr.io', 'https://auth.docker.io/token'],
    ['ghcr.io:8443', 'https://ghcr.io/token'],
    ['docker.io', 'https://auth.docker.io.evil.example/token'],
    ['docker.io', 'https://docker.io/token'],
    ['docker.io', 'http://auth.docker.io/token'],
    ['registry.example.com', 'https://auth.example.com:8443/token'],
    ['registry.example.com', 'http://auth.example.com/token'],
    ['other.example.com', 'https://auth.example.com/token'],
    ['constructor', 'https://auth.example.com/token'],
  ])('keeps those of %s from %s', (registry, realm) => {
    expect(mayHoldCredentials(registry, new URL(realm), hosts)).toBe(false);
  });
});

it('isLoopbackHost knows this machine by its names and numbers', () => {
  const hosts = ['localhost', 'a.localhost:80', '127.0.0.1:5000', '127.9.9.9', '[::1]:5000'];
  const others = [
    'localhost.example.com',
    '127.0.0.1.example.com',
    '128.0.0.1',
    '[::2]',
    'xlocalhost',
    '127.0.0',
  ];
  expect([...hosts, ...others].filter(isLoopbackHost)).toEqual(hosts);
});
