/** What the browser draws around a page (its bar, the splash of the installed app): the token `--paper` of each theme. */
export const PAPER = { light: '#faf9f5', dark: '#0a0f17' } as const;
