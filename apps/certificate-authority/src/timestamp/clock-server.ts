/** A time server. */
export interface ClockServer {
  readonly host: string;
  readonly port: number;
}

const NTP_PORT = 123;
const FORM = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::(\d{1,5}))?$/;

/** `host`, `host:port`, `[IPv6]` or `[IPv6]:port`; undefined for anything else. */
export function parseClockServer(text: string): ClockServer | undefined {
  const [, address, name, digits] = FORM.exec(text) ?? [];
  const host = address ?? name;
  const port = digits === undefined ? NTP_PORT : Number(digits);
  return host === undefined || port < 1 || port > 65535 ? undefined : { host, port };
}

/** For messages and metrics. */
export function describeClockServer({ host, port }: ClockServer): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === NTP_PORT ? name : `${name}:${port}`;
}
