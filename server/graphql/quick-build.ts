/**
 * Makes a schema build cheaper, and changes nothing of its result. Used by preset.ts.
 *
 * graphile-build asks "does this entity have this behaviour?" some ten thousand times per build, and each time looks
 * through the whole registry to warn of misspelt behaviours: about a third of a build. The answer follows from two strings,
 * so it is remembered; and so is what the preferences make of them. The strings are keys as they are, one map in another: put
 * together they would be hashed anew for each question.
 *
 * Plurals, singulars and spellings of words are the same in every build: they are remembered for good, up to a number.
 */
import 'postgraphile'

/** Answers of each build, by its `behavior` object (frozen, so the method is replaced where it comes from, once). */
type Answers<T> = Map<string, Map<string, T>>
const answers = new WeakMap<object, Map<string, Answers<boolean>>>()
const applied = new WeakMap<object, Map<string, Answers<unknown>>>()
const patched = new WeakSet<object>()

const of = <T>(all: WeakMap<object, Map<string, T>>, build: object): Map<string, T> => {
  let found = all.get(build)
  if (!found) all.set(build, (found = new Map()))
  return found
}
const inner = <T>(map: Map<string, Map<string, T>>, name: string): Map<string, T> => {
  let found = map.get(name)
  if (!found) map.set(name, (found = new Map()))
  return found
}

const MAX_WORDS = 50_000
const SPELLINGS = ['pluralize', 'singularize', 'camelCase', 'upperCamelCase', 'constantCase', 'coerceToGraphQLName'] as const
const words = new Map<string, Map<string, string>>(SPELLINGS.map((name) => [name, new Map()]))

/** An inflector of one word, remembered: it depends on the word alone. */
const remembered = (name: string) => (previous: (word: string) => string, _preset: unknown, word: string) => {
  const known = words.get(name)!
  let found = known.get(word)
  if (found === undefined) {
    if (known.size >= MAX_WORDS) known.clear()
    known.set(word, (found = previous(word)))
  }
  return found
}

export const QuickBuildPlugin: GraphileConfig.Plugin = {
  name: 'QuickBuildPlugin',
  version: '0.0.0',
  inflection: { replace: Object.fromEntries(SPELLINGS.map((name) => [name, remembered(name)])) as any },
  schema: {
    hooks: {
      init(initial: any, build: any) {
        const prototype = Object.getPrototypeOf(build.behavior)
        if (patched.has(prototype)) return initial
        patched.add(prototype)
        const ask = prototype.entityMatches
        prototype.entityMatches = function entityMatches(entityType: string, entity: unknown, filter: string): boolean {
          const known = inner(inner(of(answers, this), entityType), this.getBehaviorForEntity(entityType, entity).behaviorString)
          let answer = known.get(filter)
          if (answer === undefined) known.set(filter, (answer = ask.call(this, entityType, entity, filter) as boolean))
          return answer
        }
        const apply = prototype.getPreferencesAppliedBehaviors
        prototype.getPreferencesAppliedBehaviors = function getPreferencesAppliedBehaviors(
          entityType: string,
          inferred: any,
          override: any,
        ): unknown {
          const known = inner(inner(of(applied, this), entityType), inferred.behaviorString)
          const name = override.behaviorString
          if (!known.has(name)) known.set(name, apply.call(this, entityType, inferred, override))
          return known.get(name)
        }
        return initial
      },
    },
  },
}
