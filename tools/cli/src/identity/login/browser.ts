import { spawn } from 'node:child_process';

/**
 * Has the browser of this machine show an address. No shell sees it.
 *
 * @param url checked before: http or https, visible ASCII
 * @returns whether there is a browser, and it could be started
 */
export async function openBrowser(
  url: string,
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): Promise<boolean> {
  const program = programFor(environment, platform);
  if (program === undefined) return false;
  const [command, ...args] = program;
  return new Promise((resolve) => {
    const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}

function programFor(
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): readonly [string, ...string[]] | undefined {
  if (environment['BROWSER']) return [environment['BROWSER']];
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  const hasScreen = Boolean(environment['DISPLAY'] || environment['WAYLAND_DISPLAY']);
  return hasScreen ? ['xdg-open'] : undefined;
}
