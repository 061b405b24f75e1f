import { Command } from 'commander';
import { describe, expect, it } from '@jest/globals';
import { addSwitch, withSwitchValues } from './boolean-options.ts';

const program = (): Command => {
  const sign = addSwitch(new Command('sign'), '--upload', 'pushes')
    .option('-r, --recursive')
    .option('--bundle <file>')
    .argument('<images...>');
  return new Command('sigstead')
    .option('--url <url>')
    .addCommand(addSwitch(sign, '--new-bundle-format', 'x', { hidden: true }))
    .addCommand(new Command('group').addCommand(new Command('member').option('--force')));
};

/** What commander makes of the words. */
const parsed = async (...words: string[]): Promise<unknown[]> => {
  const all = program().exitOverride();
  const told: unknown[] = [];
  const [sign] = all.commands as [Command];
  sign.exitOverride().action((images: string[], options: object) => void told.push(images, options));
  await all.parseAsync(withSwitchValues(all, words), { from: 'user' });
  return told;
};

describe('switches', () => {
  it.each<[string[], object]>([
    [[], {}],
    [['--upload'], { upload: true }],
    [['--upload=true'], { upload: true }],
    [['--upload=false'], { upload: false }],
    [['--no-upload'], { upload: false }],
    [['--no-upload=true'], { upload: false }],
    [['--no-upload=false'], { upload: true }],
    [['--new-bundle-format=F'], { newBundleFormat: false }],
    [['--recursive=true'], { recursive: true }],
    [['--recursive=false'], {}],
    [['-r', '--upload=0'], { recursive: true, upload: false }],
  ])('%j is %j', async (words, options) => {
    expect(await parsed('sign', ...words, 'image')).toEqual([['image'], options]);
    expect(await parsed('--url', 'sign', 'sign', 'image', ...words)).toEqual([['image'], options]);
  });

  it('leaves words alone that are values, or behind --', async () => {
    expect(await parsed('sign', '--bundle=true', 'x')).toEqual([['x'], { bundle: 'true' }]);
    expect(await parsed('sign', '--', '--upload=false')).toEqual([['--upload=false'], {}]);
    expect(withSwitchValues(program(), ['sign', '--upload=maybe'])).toEqual(['sign', '--upload=maybe']);
    expect(withSwitchValues(program(), ['sign', '--nonsense=true'])).toEqual(['sign', '--nonsense=true']);
  });

  it('finds commands of commands', () => {
    expect(withSwitchValues(program(), ['group', 'member', '--force=true'])).toEqual([
      'group',
      'member',
      '--force',
    ]);
  });
});
