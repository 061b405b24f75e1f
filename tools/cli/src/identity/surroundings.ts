import { setTimeout } from 'node:timers/promises';
import { openBrowser } from './login/browser.ts';

/** What the search for a token looks at besides its options; for tests another machine. */
export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  /** Tells the person at the terminal, beside the output. */
  readonly note: (text: string) => void;
  /** Whether somebody can be asked. */
  readonly isInteractive: boolean;
  /** @returns whether there is a browser, and it was told */
  readonly openBrowser: (url: string) => Promise<boolean>;
  readonly pause: (seconds: number) => Promise<void>;
  /** Where Kubernetes and others put a token for the pod, as cosign's users have them do. */
  readonly tokenFile: string;
}

export function processSurroundings(): Surroundings {
  return {
    environment: process.env,
    note: (text) => void process.stderr.write(`${text}\n`),
    isInteractive: process.stdin.isTTY === true,
    openBrowser: (url) => openBrowser(url, process.env, process.platform),
    pause: (seconds) => setTimeout(seconds * 1000),
    tokenFile: '/var/run/sigstore/cosign/oidc-token',
  };
}
