import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ConfigError, readConfig, setting } from './config.ts';

const schema = z.object({
  PORT: setting.port(3000),
  CA_URL: setting.url(),
  ALLOWED: setting.list(),
  ON: setting.flag(false),
});

describe('readConfig', () => {
  it('reads text, applies defaults and trims the URL', () => {
    expect(readConfig(schema, { PORT: '81', CA_URL: 'http://ca:1/', ALLOWED: 'a, b', HOME: '/x' })).toEqual({
      PORT: 81,
      CA_URL: 'http://ca:1',
      ALLOWED: ['a', 'b'],
      ON: false,
    });
  });

  it('names every variable at fault without repeating its value', () => {
    const read = () => readConfig(schema, { PORT: 'secret', CA_URL: 'ftp://secret', ON: 'yes' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/PORT: .*\n {2}CA_URL: .*\n {2}ON: /);
    expect(read).not.toThrow(/secret/);
  });

  it('counts an empty variable as absent', () => {
    expect(() => readConfig(schema, { CA_URL: '' })).toThrow(/CA_URL: is required/);
  });
});
