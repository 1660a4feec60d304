/**
 * Progress for people: one line per step, with the seconds since the command began. Called by every command.
 */
export function steps(write = (text) => process.stdout.write(text)) {
  const began = performance.now()
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1)
  return Object.assign((text) => write(`[${seconds().padStart(5)} s] ${text}\n`), { seconds })
}
