import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ClockServer } from './clock-server.ts';
import { askTime, type SntpOptions } from './sntp-client.ts';
import { SntpError } from './sntp-message.ts';
import { timeReply, TestTimeServer } from './testonly/test-time-server.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const ahead = (ms: number): Date => new Date(NOW.getTime() + ms);

let server: TestTimeServer;
beforeEach(async () => {
  server = await TestTimeServer.start(() => NOW);
});
afterEach(() => server.stop());

const ask = (changes: Partial<SntpOptions> = {}, asked: ClockServer = server.server) =>
  askTime(asked, {
    clock: () => NOW,
    randomBytes,
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    ...changes,
  });

describe('askTime', () => {
  it('asks a real server over UDP', async () => {
    expect(Math.abs((await ask()).offsetMs)).toBeLessThan(1);
    expect(Math.round((await ask({ clock: () => ahead(5000) })).offsetMs)).toBe(-5000);
    expect(Math.round((await ask({}, { ...server.server, host: 'localhost' })).uncertaintyMs)).toBe(15);
  });

  it('never sends the same timestamp twice', async () => {
    for (let i = 0; i < 5; i++) await ask();
    expect(new Set(server.requests.map((request) => request.subarray(40).join())).size).toBe(5);
  });

  it('passes over replies to other requests and waits for its own', async () => {
    server.reply = (request) => [
      timeReply(request, ahead(99_000), { origin: new Uint8Array(8) }),
      timeReply(request, ahead(99_000), { bytes: 47 }),
      new Uint8Array(),
      timeReply(request, ahead(2_000)),
      timeReply(request, ahead(99_000)),
    ];
    expect(Math.round((await ask()).offsetMs)).toBe(2000);
  });

  it('does not hear another sender, although it knows the timestamp', async () => {
    const stranger = createSocket('udp4');
    stranger.bind(0, '127.0.0.1');
    await once(stranger, 'listening');
    const forged = new Promise<void>((resolve) => {
      server.reply = (request) => {
        stranger.send(timeReply(request, ahead(99_000)), server.clientPort, '127.0.0.1', () => resolve());
        return [];
      };
    });
    const answer = ask({ timeoutMs: 1_000 });
    await forged;
    await expect(answer).rejects.toThrow(/no reply within 1000 ms/);
    stranger.close();
  });

  it('gives up when there is no reply in time', async () => {
    server.reply = () => [];
    await expect(ask({ timeoutMs: 50 })).rejects.toThrow(/^no reply within 50 ms$/);
  });

  it('gives up when it is told to', async () => {
    const controller = new AbortController();
    server.reply = () => {
      controller.abort();
      return [];
    };
    await expect(ask({ signal: controller.signal })).rejects.toThrow(SntpError);
    await expect(ask({ signal: controller.signal })).rejects.toThrow(SntpError);
  });

  it('fails in its own way when nobody listens or there is no such name', async () => {
    const gone = await TestTimeServer.start(() => NOW);
    const asked = gone.server;
    await gone.stop();
    await expect(ask({}, asked)).rejects.toThrow(SntpError);
    await expect(ask({}, { host: 'clock.invalid', port: 123 })).rejects.toThrow(SntpError);
  });

  it('passes on what a reply says against itself', async () => {
    server.reply = (request) => [timeReply(request, NOW, { leap: 3 })];
    await expect(ask()).rejects.toThrow(/not synchronized/);
  });
});
