/**
 * How a value gets into a statement: never as text of it. Used by the build-*.ts files.
 *
 * COPY takes no parameters, so there values travel as settings of the transaction (rest.p1 …) which the statement reads.
 */

export interface Params {
  /** @returns what stands for the value in the SQL, without a type: the caller adds one. */
  add(value: string): string
}

export class Numbered implements Params {
  readonly values: string[] = []
  add(value: string): string {
    this.values.push(value)
    return `$${this.values.length}`
  }
}

export class Settings implements Params {
  readonly values: Record<string, string> = {}
  add(value: string): string {
    const name = `rest.p${Object.keys(this.values).length + 1}`
    this.values[name] = value
    return `current_setting('${name}')`
  }
}

/** PostgreSQL's text form of an array. */
export const arrayLiteral = (items: string[]): string => `{${items.map((item) => `"${item.replace(/[\\"]/g, '\\$&')}"`).join(',')}}`
