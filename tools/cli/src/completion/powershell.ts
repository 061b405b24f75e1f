import { withDescendants, type CompletedCommand, type CompletedOption } from './command-tree.ts';

/** For Windows PowerShell 5 and PowerShell 7. Where nothing is offered they complete files by themselves. */
export function powershellCompletion(program: CompletedCommand): string {
  return `# PowerShell completion of sigstead: sigstead completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName sigstead -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $commands = @{
${withDescendants(program).map(commandEntry).join('\n')}
  }
  $path = ''
  $previous = ''
  $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  foreach ($word in $words | Select-Object -Skip 1) {
    $known = $commands[$path]
    if (-not $known.Values.ContainsKey($previous) -and $known.Commands.Contains($word)) { $path = "$path $word".Trim() }
    $previous = $word
  }
  $known = $commands[$path]
  $offered = if ($known.Values.ContainsKey($previous)) { $known.Values[$previous] }
    elseif ($wordToComplete.StartsWith('-')) { $known.Options }
    else { $known.Commands }
  $offered | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`;
}

function commandEntry({ path, subcommands, options }: CompletedCommand): string {
  const flags = options.flatMap((option) => option.flags.filter((flag) => flag.startsWith('--')));
  return `    ${quote(path.join(' '))} = @{
      Commands = ${list(subcommands.map((child) => child.path.at(-1) as string))}
      Options = ${list(flags)}
      Values = @{ ${options.flatMap(valueEntries).join('; ')} }
    }`;
}

function valueEntries({ flags, value }: CompletedOption): string[] {
  if (value === undefined) return [];
  return flags.map((flag) => `${quote(flag)} = ${list(value.kind === 'words' ? value.words : [])}`);
}

function list(words: readonly string[]): string {
  return `@(${words.map(quote).join(', ')})`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
