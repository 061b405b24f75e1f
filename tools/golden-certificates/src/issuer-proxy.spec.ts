import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IssuerProxy } from './issuer-proxy.ts';

const JWK = { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'one' };

let proxy: IssuerProxy;

beforeAll(async () => {
  proxy = await IssuerProxy.start([JWK]);
});
afterAll(() => proxy.stop());

/** As Fulcio asks: CONNECT, then HTTPS inside, trusting the CA of the proxy only. */
async function ask(host: string, path: string): Promise<{ status: string; body: string }> {
  const tunnel = request(proxy.url, { method: 'CONNECT', path: `${host}:443` }).end();
  const [, socket] = (await once(tunnel, 'connect')) as [unknown, Socket];
  const secured = connect({ socket, servername: host, ca: proxy.authorityPem });
  await once(secured, 'secureConnect');
  secured.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const [head = '', body = ''] = (await text(secured)).split('\r\n\r\n');
  return { status: head.split(' ')[1] ?? '', body };
}

describe('proxy of issuers', () => {
  it('answers for any host, with a certificate of its own CA', async () => {
    for (const host of ['gitlab.com', 'oidc.eks.us-west-2.amazonaws.com']) {
      const { body } = await ask(host, '/id/X/.well-known/openid-configuration');
      expect(JSON.parse(body)).toMatchObject({
        issuer: `https://${host}/id/X`,
        jwks_uri: `https://${host}/id/X/.well-known/jwks`,
      });
    }
  });

  it('repeats the trailing slash of the issuer that is asked for', async () => {
    proxy.issuer = 'https://oidc.prod-aks.azure.com/tenant/';
    const { body } = await ask('oidc.prod-aks.azure.com', '/tenant/.well-known/openid-configuration');
    expect(JSON.parse(body)).toMatchObject({ issuer: 'https://oidc.prod-aks.azure.com/tenant/' });
  });

  it('serves the keys it was given and nothing else', async () => {
    expect(JSON.parse((await ask('gitlab.com', '/.well-known/jwks')).body)).toEqual({ keys: [JWK] });
    expect((await ask('gitlab.com', '/')).status).toBe('404');
  });
});
