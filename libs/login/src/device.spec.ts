import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { requestClientToken } from './client-credentials.ts';
import { awaitDeviceLogin, beginDeviceLogin } from './device.ts';
import { discoverLogin } from './login-server.ts';
import { access, json, NOW, TestLoginIssuer } from './testonly/test-login-issuer.ts';

let issuer: TestLoginIssuer;
let now: Date;
/** How long was waited, each time. */
let waits: number[];
beforeAll(async () => {
  issuer = await TestLoginIssuer.start();
});
afterAll(() => issuer.stop());
beforeEach(() => {
  issuer.reset();
  now = NOW;
  waits = [];
});

const sleep = async (seconds: number): Promise<void> => {
  waits.push(seconds);
  now = new Date(now.getTime() + seconds * 1000);
};
const discover = (clientSecret?: string) =>
  discoverLogin(
    { issuerUrl: issuer.url, clientId: 'sigstore', ...(clientSecret === undefined ? {} : { clientSecret }) },
    { ...access(fetch), clock: () => now },
  );
const logIn = async () => {
  const server = await discover();
  return awaitDeviceLogin(await beginDeviceLogin(server), server, sleep);
};

describe('device login', () => {
  it('tells where to go, and ends with a token', async () => {
    const server = await discover();
    const pending = await beginDeviceLogin(server);
    expect(pending).toMatchObject({
      userCode: 'BCDF-GHJK',
      verificationUri: `${issuer.url}/go`,
      expiresAt: new Date(NOW.getTime() + 300_000),
      intervalSeconds: 2,
    });
    issuer.deviceErrors = ['authorization_pending', 'authorization_pending'];
    expect((await awaitDeviceLogin(pending, server, sleep)).identity).toBe('ada@example.com');
    expect(waits).toEqual([2, 2, 2]);
  });

  it('asks less often when told to', async () => {
    issuer.deviceErrors = ['slow_down', 'authorization_pending', 'slow_down'];
    await logIn();
    expect(waits).toEqual([2, 7, 7, 12]);
  });

  it.each([
    ['access_denied', 'DENIED'],
    ['expired_token', 'EXPIRED'],
    ['invalid_grant', 'DENIED'],
  ])('ends with %s', async (error, code) => {
    issuer.deviceErrors = [error];
    await expect(logIn()).rejects.toMatchObject({ code });
    expect(waits).toHaveLength(1);
  });

  it('ends when the time is over, whatever the issuer goes on saying', async () => {
    issuer.deviceErrors = new Array<string>(1000).fill('authorization_pending');
    await expect(logIn()).rejects.toMatchObject({ code: 'EXPIRED' });
    expect(waits.length).toBeLessThanOrEqual(150);
  });

  it('bears two failures of the network in a row', async () => {
    let polls = 0;
    issuer.answers.set('/token', (response) => {
      polls += 1;
      if (polls === 2) issuer.answers.delete('/token');
      response.destroy();
    });
    expect((await logIn()).identity).toBe('ada@example.com');
    expect(waits).toEqual([2, 4, 8]);
    issuer.answers.set('/token', (response) => void response.destroy());
    await expect(logIn()).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('takes no code with it that could do something to a terminal', async () => {
    for (const [name, value] of [
      ['user_code', 'BC\u001b[2J'],
      ['user_code', ''],
      ['user_code', 'x'.repeat(100)],
      ['verification_uri', 'http://evil.example/'],
      ['verification_uri', 'https://x/\u001b[2J'],
      ['verification_uri_complete', 'javascript:alert(1)'],
    ] as const) {
      const device = {
        device_code: 'x',
        user_code: 'B',
        verification_uri: `${issuer.url}/go`,
        expires_in: 300,
      };
      issuer.answers.set('/device', (response) => json(response, { ...device, [name]: value }));
      await expect(logIn()).rejects.toMatchObject({ code: 'ANSWER' });
    }
  });

  it('waits five seconds where the issuer says nothing, and no year where it says so', async () => {
    const device = {
      device_code: 'x',
      user_code: 'B',
      verification_uri: `${issuer.url}/go`,
      expires_in: 3e7,
    };
    issuer.answers.set('/device', (response) => json(response, device));
    const pending = await beginDeviceLogin(await discover());
    expect(pending).toMatchObject({ intervalSeconds: 5, expiresAt: new Date(NOW.getTime() + 30 * 60_000) });
    issuer.answers.set('/device', (response) => json(response, { ...device, interval: 3e7 }));
    expect((await beginDeviceLogin(await discover())).intervalSeconds).toBe(60);
  });

  it('is not offered by every issuer', async () => {
    issuer.metadata = { device_authorization_endpoint: undefined };
    await expect(logIn()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  it('ends when it is given up', async () => {
    const server = await discover();
    const giveUp = (): Promise<void> => Promise.reject(new Error('given up'));
    await expect(awaitDeviceLogin(await beginDeviceLogin(server), server, giveUp)).rejects.toThrow(
      'given up',
    );
  });
});

describe('login of a client', () => {
  it('needs its secret', async () => {
    expect((await requestClientToken(await discover('the secret'))).identity).toBe('ada@example.com');
    await expect(requestClientToken(await discover('a guess'))).rejects.toMatchObject({ code: 'DENIED' });
  });
});
