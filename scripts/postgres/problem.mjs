/**
 * Something that the person at the keyboard must know or do. Thrown everywhere under scripts/; the command that was
 * called prints it as one sentence and one remedy (report) and exits with 1. Anything else that is thrown is a bug
 * and keeps its stack.
 */
export class Problem extends Error {
  /**
   * @param {string} message what is wrong, one sentence
   * @param {string} [remedy] what to do about it
   * @param {string} [detail] where to look, e.g. the end of a log
   */
  constructor(message, remedy, detail) {
    super(message)
    this.name = 'Problem'
    this.remedy = remedy
    this.detail = detail
  }
}

/** Prints an error for people. Called last by every command; never throws. */
export function report(error, write = (/** @type {string} */ text) => void process.stderr.write(text)) {
  if (error?.code === 'ENOSPC') error = noSpace(error.path)
  if (!(error instanceof Problem)) return write(`${error?.stack ?? error}\n`)
  const text = [`\nTidemark cannot go on: ${error.message}`]
  if (error.remedy) text.push(`What to do: ${error.remedy}`)
  if (error.detail) text.push('', error.detail)
  write(`${text.join('\n')}\n`)
}

export function noSpace(where) {
  return new Problem(
    `the disk is full${where ? ` (writing ${where})` : ''}.`,
    'free about 1 GB, or set TIDEMARK_DATA to a folder on another disk, then start again.',
  )
}
