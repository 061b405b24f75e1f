import { describe, expect, it } from '@jest/globals';
import { describeClockServer, parseClockServer } from './clock-server.ts';

describe('parseClockServer', () => {
  it.each([
    ['time.example.com', 'time.example.com', 123],
    ['time.example.com:1123', 'time.example.com', 1123],
    ['10.0.0.1:124', '10.0.0.1', 124],
    ['[::1]', '::1', 123],
    ['[2001:db8::1]:65535', '2001:db8::1', 65535],
  ])('reads %s, and describes it the same', (text, host, port) => {
    const server = parseClockServer(text);
    expect(server).toEqual({ host, port });
    expect(describeClockServer({ host, port })).toBe(text);
  });

  it.each([
    '',
    ':123',
    'host:',
    'host:0',
    'host:65536',
    'host:123456',
    'a b',
    '::1',
    'udp://host',
    '[host]:1',
    'host:1:2',
    'host/x',
  ])('refuses %j', (text) => {
    expect(parseClockServer(text)).toBeUndefined();
  });
});
