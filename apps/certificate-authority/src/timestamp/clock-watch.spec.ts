import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sha256 } from '@sigstead/crypto';
import { encodeBase64, encodeUtf8 } from '@sigstead/encoding';
import { TestTimeServer, timeReply } from './testonly/test-time-server.ts';
import { TestTimestampAuthority } from './testonly/test-timestamp-authority.ts';
import { makeTimestampChain, type TestTimestampChain } from './testonly/test-timestamp-chain.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const REQUEST = JSON.stringify({
  artifactHash: encodeBase64(sha256(encodeUtf8('x'))),
  hashAlgorithm: 'sha256',
});

describe('a timestamp authority with time servers', () => {
  let chain: TestTimestampChain;
  let servers: TestTimeServer[];
  let serverTime: Date;
  let authority: TestTimestampAuthority | undefined;

  beforeAll(async () => {
    chain = await makeTimestampChain(NOW);
  });

  beforeEach(async () => {
    serverTime = NOW;
    servers = await Promise.all([1, 2, 3].map(() => TestTimeServer.start(() => serverTime)));
  });

  afterEach(async () => {
    await authority?.stop();
    authority = undefined;
    await Promise.all(servers.map((server) => server.stop()));
  });

  const start = async (clockTimeoutMs = 10_000, clockPeriodMs = 3_600_000) => {
    authority = await TestTimestampAuthority.start([chain.leaf, chain.root], chain.key, NOW, {
      clockServers: servers.map(({ server }) => server),
      clockThreshold: 2,
      clockPeriodMs,
      clockTimeoutMs,
    });
    return authority;
  };
  const timestamp = (service: TestTimestampAuthority) => service.post(REQUEST, 'application/json');

  it('signs when they agree with its clock, and says so', async () => {
    const service = await start();
    expect((await timestamp(service)).status).toBe(200);
    expect(await service.readiness()).toMatchObject({
      ready: true,
      checks: { clock: { ok: true, detail: '3 of 3 time servers agree with the clock' } },
    });
    const metrics = await service.metrics();
    const [{ host, port }] = servers.map(({ server }) => server) as [{ host: string; port: number }];
    expect(metrics).toContain(`timestamp_authority_ntp_sync_total{host="${host}:${port}",failed="false"} 1`);
    expect(metrics).toContain(`timestamp_authority_ntp_latency_count{host="${host}:${port}"} 1`);
    expect(metrics).toContain('sigstead_timestamp_clock_wrong 0');
  });

  it.each([5_000, -5_000])('makes not one timestamp while its clock is %i ms off', async (offset) => {
    serverTime = new Date(NOW.getTime() + offset);
    const service = await start();
    const response = await timestamp(service);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      code: 503,
      message:
        'Error generating timestamp response: the clock is wrong: 3 of 3 time servers differ from it, 0 agree',
    });
    expect(await service.readiness()).toMatchObject({
      status: 503,
      ready: false,
      checks: { clock: { ok: false } },
    });
    const metrics = await service.metrics();
    expect(metrics).toContain('timestamp_authority_ntp_errors_total{reason="err_inv_time"} 1');
    expect(metrics).toContain('sigstead_timestamp_clock_wrong 1');
  });

  it('tells a malformed request what is wrong with it all the same', async () => {
    serverTime = new Date(NOW.getTime() + 5_000);
    expect((await (await start()).post('{}', 'application/json')).status).toBe(400);
  });

  it('does not stop for one server that differs while others are away', async () => {
    const [away, liar] = servers as [TestTimeServer, TestTimeServer];
    away.reply = () => [];
    liar.reply = (request) => [timeReply(request, new Date(NOW.getTime() + 99_000))];
    const service = await start(200);
    expect((await timestamp(service)).status).toBe(200);
    expect((await service.readiness()).checks['clock']?.detail).toBe(
      'not known to be right: 1 of 3 time servers agree, 1 differ, the others cannot be asked',
    );
  });

  it('signs when nobody can be asked, and says that', async () => {
    for (const server of servers) server.reply = () => [];
    const service = await start(50);
    expect((await timestamp(service)).status).toBe(200);
    expect(await service.readiness()).toMatchObject({
      ready: true,
      checks: {
        clock: {
          ok: true,
          detail: 'not known to be right: 0 of 3 time servers agree, 0 differ, the others cannot be asked',
        },
      },
    });
    const metrics = await service.metrics();
    expect(metrics).toContain('timestamp_authority_ntp_errors_total{reason="err_too_few"} 1');
    expect(metrics).toMatch(/timestamp_authority_ntp_sync_total\{host="[^"]+",failed="true"\} 3/);
  });

  it('signs again once its clock has been set', async () => {
    serverTime = new Date(NOW.getTime() + 5_000);
    const service = await start(10_000, 20);
    expect((await timestamp(service)).status).toBe(503);
    service.now = serverTime;
    let answer = await timestamp(service);
    while (answer.status === 503) answer = await timestamp(service);
    expect(answer.status).toBe(200);
  });
});
