// What belongs to this browser and not to the account: appearance, language of formats, single-key shortcuts.
// Called by main.tsx and Settings; writes localStorage. Private windows may refuse it: then the standard holds.
export interface Preferences {
  language: string
  singleKeys: string
  announce: string
  navigation: string
}
const STANDARD: Preferences = { language: '', singleKeys: 'on', announce: 'on', navigation: 'open' }

export function readPreference(name: keyof Preferences): string {
  try {
    return localStorage.getItem(`tidemark-${name}`) ?? STANDARD[name]
  } catch {
    return STANDARD[name]
  }
}

export function writePreference(name: keyof Preferences, value: string): void {
  try {
    localStorage.setItem(`tidemark-${name}`, value)
  } catch {
    // nothing to do: it holds until the page is left
  }
}
