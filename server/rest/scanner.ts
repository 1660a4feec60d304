/**
 * A cursor over one parameter of the query string: what parse-select.ts, parse-filters.ts and parse-order.ts share.
 */
import type { Field, Step } from './ast.ts'
import { unreadable } from './errors.ts'

export interface Name {
  text: string
  quoted: boolean
}

export class Scanner {
  readonly text: string
  readonly what: string
  at = 0

  /** @param what the parameter's name, for messages */
  constructor(text: string, what: string) {
    this.text = text
    this.what = what
  }

  get done(): boolean {
    return this.at >= this.text.length
  }
  looking(word: string): boolean {
    return this.text.startsWith(word, this.at)
  }
  eat(word: string): boolean {
    if (!this.looking(word)) return false
    this.at += word.length
    return true
  }
  expect(word: string): void {
    if (!this.eat(word)) throw this.fault(`expected "${word}"`)
  }
  /** The rest as far as a sticky expression goes; '' when it does not fit. */
  match(sticky: RegExp): string {
    sticky.lastIndex = this.at
    const found = sticky.exec(this.text)?.[0] ?? ''
    this.at += found.length
    return found
  }
  fault(why: string) {
    const found = this.done ? 'the end' : `"${this.text.slice(this.at, this.at + 20)}"`
    return unreadable(`"failed to parse ${this.what} (${this.text.slice(0, 200)})" (column ${this.at + 1})`, `${why}, found ${found}`)
  }

  /** "…" with \" and \\ inside. */
  quoted(): string {
    const found = this.match(/"(?:[^"\\]|\\.)*"/sy)
    if (!found) throw this.fault('expected a closing quote')
    return found.slice(1, -1).replace(/\\(.)/gs, '$1')
  }

  /** A name, quoted or as far as `plain` goes. */
  name(plain: RegExp): Name {
    if (this.looking('"')) return { text: this.quoted(), quoted: true }
    const text = this.match(plain).trim()
    if (text === '') throw this.fault('expected a name')
    return { text, quoted: false }
  }

  /** ->key and ->>key, as many as there are. */
  path(plain: RegExp): Step[] {
    const steps: Step[] = []
    while (this.looking('->')) {
      if (steps.at(-1)?.text) throw this.fault('->> gives text: nothing can follow it')
      const text = this.eat('->>') || !this.eat('->')
      steps.push({ text, key: this.name(plain).text })
    }
    return steps
  }

  field(plain: RegExp): Field {
    return { name: this.name(plain).text, path: this.path(plain) }
  }
}
